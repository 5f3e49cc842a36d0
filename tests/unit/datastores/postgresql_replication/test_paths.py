import pytest
from trove_upgrade.datastores.postgresql_replication.paths import PATHS


@pytest.mark.parametrize(("origin", "target", "ok"), [
    ("18.4", "18.6", True), ("18.6", "18.4", True), ("16.4", "17.0", False),
    ("9.6.1", "9.6.24", True), ("9.5.1", "9.6.1", False)])
def test_only_minor_versions_of_one_major_follow_each_other(origin, target, ok):
    reason = PATHS.verdict(origin, target)
    assert (reason == "") is ok
    assert ok or "pg_upgrade" in reason
