import pytest
from trove_upgrade.datastores.mysql_replication.paths import MARIADB, MYSQL


@pytest.mark.parametrize(("paths", "origin", "target", "words"), [
    (MYSQL, "8.0.40", "8.0.42", ""), (MYSQL, "8.0.42", "8.4.3", ""),
    (MYSQL, "8.0.42", "9.1.0", "go to 8.4 first"), (MYSQL, "5.7.44", "8.0.42", "dump"),
    (MYSQL, "8.0.42", "8.0.40", "older"), (MYSQL, "8.4.3", "8.0.42", "older"),
    (MARIADB, "10.11.18", "10.11.19", ""), (MARIADB, "10.6.1", "10.11.19", ""),
    (MARIADB, "10.4.1", "10.11.19", "go to 10.5 first"), (MARIADB, "10.11.2", "11.4.1", "dump"),
    (MARIADB, "5.5.1", "10.11.1", "no step is known")])
def test_version_path(paths, origin, target, words):
    reason = paths.verdict(origin, target)
    assert words in reason if words else reason == ""
