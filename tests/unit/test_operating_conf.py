"""The mistral.conf that docs/operating.md shows is the one that the distributed lab runs with."""
from pathlib import Path

from trove_upgrade.lab.keystone.conf import text
from trove_upgrade.lab.mistral.conf import sections

EXAMPLE = Path(__file__).parents[2] / "docs/examples/mistral.conf"


def test_the_shown_settings_are_those_of_the_lab():
    assert EXAMPLE.read_text(encoding="utf-8") == text(sections(
        "NAME", "rabbit://USER:PASSWORD@BROKER:5672/",
        "mysql+pymysql://USER:PASSWORD@DATABASE/mistral", "/etc/trove-upgrade/access", engines=2))
