import pytest
from trove_upgrade.datastores.cassandra.paths import PATHS


@pytest.mark.parametrize(("origin", "target", "allowed"), [
    ("3.11.17", "4.0.17", True), ("3.11.17", "4.1.9", True), ("4.0.17", "4.1.9", True),
    ("4.0.17", "5.0.4", True), ("4.1.8", "4.1.9", True), ("4.1", "5.0", True),
    ("3.11.17", "5.0.4", False), ("2.2.19", "4.1.9", False), ("5.0.4", "6.0.0", False)])
def test_one_major_at_a_time(origin, target, allowed):
    assert (PATHS.verdict(origin, target) == "") is allowed


def test_a_skipped_major_names_the_step_between():
    assert "first to the latest 4.1" in PATHS.verdict("3.11.17", "5.0.4")
