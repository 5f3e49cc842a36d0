import pytest
from trove_upgrade.datastores.vertica import topology
from trove_upgrade.datastores.vertica.paths import is_on, newer_than

from tests.unit.datastores.vertica.model import Database, plan_of


@pytest.mark.parametrize(("target", "words"), [
    ("23.3.0", "11.1.1 must first be brought to 12.0"), ("11.0.2", "only a backup")])
def test_releases_are_taken_in_turn_and_never_back(target, words):
    checks = {one["name"]: one for one in plan_of(Database(), target)["checks"]}
    assert words in checks["version_path"]["message"]


def test_the_hotfix_is_a_part_of_the_version():
    assert topology.version_of("Vertica Analytic Database v11.1.1-2") == "11.1.1.2"
    assert is_on("11.1.1.2", "11.1.1")
    assert not is_on("11.1.1.2", "11.1.1.3")
    assert newer_than("11.1.1.3", "11.1.1.2")
    assert not newer_than("11.1.1.3", "11.1.1")
