"""Replication sets whose data go one way, end to end: real MariaDB servers, a real Trove.

A member that has started the new version does not go back on its data: it is rebuilt as a
replica of the source while that is not upgraded; after the switch the rollback path is closed.
"""
import re

from tests.datastores import sets
from tests.end_to_end.invariants import assert_nothing_lost
from tests.end_to_end.site import resume_when_paused

XDIST_GROUP = "mariadb"
LAB = {"kind": "mariadb_replication", "heartbeat_sec": 1}
BAKE_SEC = 4


def test_the_bake_comes_before_the_switch(site, cluster):
    """With a pause after the first replica."""
    found = site.upgrade_under_load(cluster, bake_sec=BAKE_SEC, act=resume_when_paused,
                                    pause_after="first")
    assert len(found.seen.stops()) == 1
    assert found.result["status"] == "upgraded", found.result
    assert_nothing_lost(found)
    assert found.versions() == {site.new}
    upgraded = [one["t"] for one in found.journal if one["event"] == "healthy"][:2]
    switched = next(one["t"] for one in found.journal if one["event"] == "leads")
    assert switched - max(upgraded) >= BAKE_SEC - 1


def test_upgraded_replicas_are_rebuilt_when_one_fails(site, cluster):
    site.break_member(cluster, "does_not_start", 3)
    found = site.upgrade_under_load(cluster)
    sets.assert_replicas_were_rebuilt(site, cluster, found)
    before, after = ({one.id for one in members} for members in (found.before, found.after))
    assert {one["id"] for one in found.result["rolled_back"]} == after - {cluster.id}
    told = " ".join(found.result["notes"])
    assert all(one in told for one in before ^ after)
    assert site.begin(cluster, dry_run=True).end().result["status"] == "planned"


def test_after_the_switch_the_rollback_path_is_closed_and_told(site, cluster):
    site.break_member(cluster, "does_not_start", 1)
    found = site.begin(cluster, backup="skip").end()
    assert found.result["status"] == "failed", found.result
    assert found.lock is None
    assert found.names("failed") == [cluster.name]
    assert "rollback_path_closed" in found.codes()
    assert {one.version for one in found.after if one.id != cluster.id} == {site.new}
    assert found.result["resume"].startswith("trove-upgrade run --instance ")
    skipped = re.findall(r"--skip-check (\w+)", found.result["resume"])
    again = site.begin(cluster, backup="skip", skip_checks=skipped).end()
    assert again.result["status"] == "upgraded", again.result
    assert again.versions() == {site.new}
