"""All goes well: orders, roles, finalising, a second run, the rollback path."""
import pytest

from tests.end_to_end.invariants import assert_invariants, assert_replicas_first
from tests.end_to_end.site import ALL, NEW, OLD

LAB: dict = {}
XDIST_GROUP = "lab 2"
scenario = pytest.mark.scenario
BAKE_SEC = 8
SAVE = "900 1 300 10 60 10000"      # as the lab configures its members


def save_points(site, cluster):
    """The `save` setting of each member's server."""
    return {site.setting(member, "save") for member in site.lab.members(cluster)}


@scenario(load=True, act=lambda run: (run.end(), run.again()))
def test_one_by_one_and_a_second_run_touches_nothing(outcome):
    first, second = outcome.seen
    assert_replicas_first(first)
    assert first.forward() == ALL
    assert first.state == "SUCCESS"
    assert first.result["status"] == "upgraded"
    assert outcome.versions() == {NEW}
    assert second.result["status"] == "nothing_to_do"
    assert second.stops() == []


def time_of(found, event, number):
    return [one["t"] for one in found.journal if one["event"] == event][number]


@scenario(load=True, parallelism="domain", bake_sec=BAKE_SEC)
def test_canary_is_watched_and_then_one_member_of_each_shard_goes_at_a_time(outcome):
    assert_replicas_first(outcome)
    assert outcome.forward()[0] == "4"
    assert set(outcome.forward()[1:3]) == {"5", "6"}
    assert outcome.result["status"] == "upgraded"
    assert time_of(outcome, "stopping", 1) - time_of(outcome, "healthy", 0) >= BAKE_SEC - 1


@scenario(parallelism="domain", canary=False, restore_roles=True, finalize="auto", load=True,
          act=lambda run: (run.end(), save_points(run.site, run.cluster))[1])
def test_restored_roles_are_those_of_the_start_and_finalized_members_save_as_before(outcome):
    assert outcome.result["status"] == "upgraded"
    roles = {member.name: member.role for member in outcome.before}
    assert {member.name: member.role for member in outcome.after} == roles
    assert outcome.seen == {SAVE}
    assert outcome.held is None


def finalize_later(run):
    kept = run.end()
    off = save_points(run.site, run.cluster)
    done = run.site.execute("trove_upgrade.finalize", cluster_id=run.cluster.id)
    return (kept, off, done, save_points(run.site, run.cluster),
            run.site.environment("settings", run.cluster))


@scenario(parallelism="domain", canary=False, finalize="manual", act=finalize_later)
def test_finalize_manual_keeps_the_rollback_path_until_it_is_asked_for(outcome):
    kept, off, done, after, held = outcome.seen
    assert kept.result["status"] == "upgraded"
    assert "--datastore-version 8.1.8" in kept.result["undo"]
    assert len(kept.held) == 6
    assert off == {""}
    assert len(done["finalized"]) == 6
    assert after == {SAVE}
    assert held is None


def back_to_old(run):
    run.end()
    return run.again(datastore_version=OLD, skip_checks="not_a_downgrade", parallelism="domain",
                     canary=False)


@scenario(parallelism="domain", canary=False, finalize="manual", load=True, act=back_to_old)
def test_an_unfinalised_upgrade_is_undone_by_a_run_back(outcome):
    back = outcome.seen
    assert_invariants(back, 3)
    assert back.result["status"] == "upgraded", back.result
    assert back.versions() == {OLD}
