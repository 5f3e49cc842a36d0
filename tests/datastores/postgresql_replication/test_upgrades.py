"""Replication sets, end to end: real PostgreSQL servers, a real Trove that promotes.

What the flow does with members that can't go back on their data is seen on MariaDB's.
"""
import json

import pytest

from tests.end_to_end.invariants import assert_invariants

XDIST_GROUP = "postgresql"
LAB = {"kind": "postgresql_replication", "heartbeat_sec": 1}


def source(site, cluster):
    """Id of the member that the others replicate, by Trove."""
    return next(one["id"] for one in site.shown(cluster) if "replica_of" not in one)


def promotions(outcome):
    """Ids of the members that Trove was asked to promote."""
    return [call["path"].split("/")[-2] for call in outcome.calls
            if call["method"] == "POST" and call["path"].endswith("/action")]


def backups(site, cluster_id):
    return site.lab.client().backups.list(instance_id=cluster_id)


def plan_of(site, instance):
    """A dry run's plan."""
    return site.upgrades.plan({"instance_id": instance, "datastore_version": site.new}).plan


def look_at_the_pause(run):
    """From each member the set is found locked, and is one; its facts at the pause."""
    paused = run.until_paused()
    for member in run.before:
        plan = plan_of(run.site, member.id)
        assert [check["ok"] for check in plan["checks"] if check["name"] == "lock_free"] == [False]
        assert plan["cluster"]["id"] == run.cluster.id, "a set has one identity"
    run.resume()
    return paused


def test_replicas_then_promotion_then_the_old_source_under_load(site, cluster):
    """With a pause after the first wave."""
    found = site.upgrade_under_load(cluster, bake_sec=1, act=look_at_the_pause,
                                    pause_after="first")
    assert_invariants(found)
    assert (found.state, found.result["status"]) == ("SUCCESS", "upgraded"), found.result
    assert found.versions() == {site.new}
    names = [one["name"] for one in found.stops()]
    assert len(names) == 3
    assert names[-1] == cluster.name, "the old source comes last"
    (candidate,) = promotions(found)
    assert source(site, cluster) == candidate != cluster.id
    assert_backed_up_before(site, cluster, found)


def assert_backed_up_before(site, cluster, found):
    (backup,) = [one for one in backups(site, cluster.id) if one.name.endswith(found.id)]
    assert backup.status == "COMPLETED"
    done = next(one["t"] for one in found.journal if one["event"] == "backed_up")
    assert done < found.stops()[0]["t"]


def test_a_failing_replica_is_put_back_and_the_source_is_never_touched(site, cluster):
    site.break_member(cluster, "does_not_start", 3)
    found = site.upgrade_under_load(cluster)
    assert_invariants(found)
    assert found.result["status"] == "rolled_back", found.result
    assert found.versions() == {site.old}
    assert promotions(found) == []
    assert source(site, cluster) == cluster.id


def test_a_lost_answer_to_the_promotion_promotes_once_and_the_set_goes_back_from_its_new_source(
        site, cluster):
    for member in site.lab.members(cluster):
        with site._faults:
            site._made[cluster.id].append(site.lab.faults.api(
                "drop_reply", "POST", f"/{member.id}/action$", count=1))
    there = site.begin(cluster, backup="skip").end()
    assert_invariants(there)
    assert there.result["status"] == "upgraded", there.result
    assert len(promotions(there)) == 1
    assert backups(site, cluster.id) == []
    back = site.begin(cluster, datastore_version=site.old, skip_checks="not_a_downgrade",
                      backup="skip").end()
    assert_invariants(back)
    assert back.result["status"] == "upgraded"
    assert back.versions() == {site.old}
    assert back.stops()[-1]["instance"] == promotions(there)[0], "the source of then came last"


def test_a_refused_backup_leaves_every_member_untouched(site, cluster):
    fault = site.lab.faults.api("status", "POST", "/backups$", status=422)
    try:
        found = site.begin(cluster).end()
    finally:
        site.lab.faults.clear(fault)
    assert_invariants(found)
    assert found.result["status"] == "refused", found.result
    assert found.codes() == {"backup_failed"}
    assert found.stops() == []


@pytest.mark.parametrize(("instance", "said"), [
    ("nobody", "There is no instance 'nobody'"),
    ("00000000-0000-0000-0000-000000000000", "There is no instance '00000000")])
def test_an_unknown_instance_is_refused(site, instance, said):
    execution = site.upgrades.start({"instance_id": instance, "datastore_version": site.new})
    *_, look = site.upgrades.follow(execution)
    assert look.state == "ERROR"
    assert said in look.message
    assert json.loads(site.mistral.executions.get(execution).output)["status"] == "refused"
