"""MySQL replication sets, end to end: real servers, a real Trove, a real Mistral, a load.

What the flow does with MariaDB's, whose data go one way, too, is in ../mariadb_replication.
"""
import os
import pwd
import subprocess
import tempfile

import pytest
from trove_upgrade.lab.kinds import mysql

from tests.datastores import sets
from tests.end_to_end.invariants import assert_nothing_lost
from tests.end_to_end.site import resume_when_paused
from tests.waits import PATIENCE_SEC

XDIST_GROUP = "mysql"
LAB = {"kind": "mysql_replication", "heartbeat_sec": 1, "stop_timeout_sec": 15}


def test_a_set_that_is_paused_and_resumed_is_upgraded_under_load_and_does_not_go_back(
        site, cluster):
    found = site.upgrade_under_load(cluster, act=resume_when_paused, pause_after="first")
    assert len(found.seen.versions()) == 2, "one replica is upgraded"
    assert found.result["status"] == "upgraded", found.result
    assert_nothing_lost(found)
    assert found.lock is None
    assert found.versions() == {site.new}
    stopped = [one["name"] for one in found.stops()]
    assert len(stopped) == 3
    assert stopped[-1] == cluster.name, "the old source comes last"
    assert next(one.id for one in found.after if one.role == "primary") != cluster.id
    back = site.begin(cluster, datastore_version=site.old, skip_checks="not_a_downgrade",
                      backup="skip").end()
    assert back.result["status"] == "refused", back.result
    assert f"can't open a data directory that {site.new}" in str(back.result), back.result
    assert back.stops() == []
    assert back.versions() == {site.new}


def test_replicas_are_rebuilt_when_one_fails_under_load(site, cluster):
    site.break_member(cluster, "does_not_start", 3)
    sets.assert_replicas_were_rebuilt(site, cluster, site.upgrade_under_load(cluster))


class Place:
    """A data directory of no set, and servers on it that nobody asks."""

    def __init__(self, directory):
        self.data, self.who = f"{directory}/data", {}
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(directory, nobody.pw_uid, nobody.pw_gid)

    def run(self, version, *options):
        """Run a server to its end: (exit code, what it said)."""
        root = mysql.servers()[version]
        done = subprocess.run(
            [root / "usr/sbin/mysqld", "--no-defaults", f"--datadir={self.data}",
             f"--basedir={root}/usr", f"--lc-messages-dir={root}/usr/share/mysql",
             "--secure-file-priv=NULL", "--innodb-use-native-aio=OFF", "--skip-networking",
             "--mysqlx=OFF", f"--socket={self.data}/s", *options], env=mysql.environment(root),
            capture_output=True, text=True, timeout=PATIENCE_SEC, check=False, **self.who)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def place():
    """Not below pytest's own directories, which `nobody` can't enter."""
    with tempfile.TemporaryDirectory() as directory:
        yield Place(directory)


def test_an_older_server_does_not_start_where_a_newer_one_tried_to(place):
    """Why a member is rebuilt: it can't go back even if the new version never answered."""
    sets.require(mysql.ARCHIVE)
    old, new = mysql.servers()
    code, said = place.run(old, "--initialize-insecure")
    assert code == 0, said
    code, said = place.run(new, "--this-option-does-not-exist")
    assert code != 0
    assert "unknown option" in said
    code, said = place.run(old)
    assert code != 0
    assert "Downgrade is not supported" in said
