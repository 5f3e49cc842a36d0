"""A person at the wheel: pause, resume, abort, cancel, states set by hand."""
import pytest

from tests.end_to_end.invariants import assert_invariants
from tests.end_to_end.site import ALL, NEW, OLD, resume_when_paused
from tests.waits import TIMEOUT_SEC

LAB: dict = {}
XDIST_GROUP = "lab 1"
scenario = pytest.mark.scenario


def resume_each_pause(run):
    """Resume whenever it is paused; what was true at each pause.

    The first time as `mistral execution-update ROOT -s RUNNING` does it, which leaves the lock
    alone.
    """
    pauses = []
    while run.until(lambda: run.state != "RUNNING", "paused or over") and run.state == "PAUSED":
        pauses.append(run.outcome())
        if len(pauses) == 1:
            run.set_state("RUNNING")
        else:
            run.resume()
    return pauses


@scenario(pause_after="first", parallelism="domain", load=True, act=resume_each_pause)
def test_pause_after_the_first_wave_and_resume(outcome):
    assert [pause.forward() for pause in outcome.seen] == [["4"]]
    assert outcome.seen[0].lock is not None
    assert outcome.result["status"] == "upgraded"
    assert len(outcome.forward()) == 6


@scenario(pause_after="all", parallelism="domain", act=resume_each_pause)
def test_pause_after_all_waves_and_resume(outcome):
    done = [len(pause.forward()) for pause in outcome.seen]
    assert done[:2] == [1, 3]
    assert outcome.result["status"] == "upgraded"


def tasks(run):
    """Those of the run's last part."""
    client = run.site.mistral
    return [task for one in client.executions.list(root_execution_id=run.id)
            if one.workflow_name == "trove_upgrade.complete"
            for task in client.tasks.list(workflow_execution_id=one.id)]


def until_the_last_bake(run):
    run.until_event("serving", 6)
    run.until(lambda: run.site.upgrades.progress(run.id).phase == "baking", "baking")


def pause_at_each_late_moment(run):
    """In the last wave; while the whole cluster is watched; and by hand in the lock, when the
    roll, which reads it between waves, is over."""
    run.until_event("stopping", 6)
    run.pause()
    in_the_wave = resume_when_paused(run)
    until_the_last_bake(run)
    run.pause()
    in_the_bake = run.until_paused()
    run.site.set_lock(run.cluster, pause_after="all")
    run.set_state("RUNNING")            # with the lock as it is
    before_the_end = run.until_paused()
    run.set_state("RUNNING")            # once
    return in_the_wave, in_the_bake, before_the_end


@scenario(parallelism="domain", canary=False, bake_sec=2 * TIMEOUT_SEC,
          act=pause_at_each_late_moment)
def test_pauses_in_the_last_wave_in_the_last_bake_and_in_the_lock_hold_before_the_end(outcome):
    for paused in outcome.seen:
        assert paused.state == "PAUSED"
        assert len([one for one in paused.journal if one["event"] == "serving"]) == 6
        assert len(paused.held) == 6, "the rollback path is open"
    assert outcome.result["status"] == "upgraded"
    assert len(outcome.forward()) == 6
    assert outcome.held is None


def abort_at_a_pause_that_outlasts_the_bake(run):
    until_the_last_bake(run)
    run.pause()
    run.until(lambda: "SUCCESS" in [one.state for one in tasks(run) if one.name == "bake"], "baked")
    run.abort()


@scenario(parallelism="domain", canary=False, bake_sec=2 * TIMEOUT_SEC,
          act=abort_at_a_pause_that_outlasts_the_bake)
def test_abort_after_the_last_wave_puts_all_back(outcome):
    assert outcome.result["status"] == "aborted"
    assert outcome.versions() == {OLD}
    assert len(outcome.names("rolled_back")) == 6
    assert outcome.held is None


def second_run_and_pause(run):
    run.until_event("serving")
    second = run.again()
    run.pause()
    paused = run.until_paused()
    run.resume()
    return second, paused


@scenario(load=True, act=second_run_and_pause)
def test_second_run_at_once_is_refused_and_the_first_is_paused_in_flight_and_resumed(outcome):
    second, paused = outcome.seen
    assert second.result["status"] == "refused"
    assert second.codes() == {"locked"}
    assert f"Execution {outcome.id} upgrades this cluster" in second.state_info
    assert 1 <= len(paused.forward()) < 6
    away = {event["name"] for event in paused.stops()} - {
        event["name"] for event in paused.journal if event["event"] == "serving"}
    assert away == set()                     # it holds between two waves
    assert paused.lock is not None
    assert outcome.result["status"] == "upgraded"
    assert outcome.forward() == ALL


def leave_a_stale_lock(site, cluster, members):
    ended = site.begin(cluster, dry_run=True).end()
    site.mistral.environments.create(
        name=f"trove_upgrade.lock.{cluster.id}",
        variables={"owner": ended.id, "cluster_id": cluster.id, "abort": False,
                   "pause_after": None})


def pause_at_once(run):
    run.until_event("stopping", 2)
    run.set_state("PAUSED")
    run.until_event("serving", 3)            # the wave ends while the run is paused
    run.set_state("RUNNING")


@scenario(parallelism="domain", load=True, prepare=leave_a_stale_lock, act=pause_at_once)
def test_lock_of_an_ended_run_is_taken_over_and_mistrals_pause_in_a_wave_loses_nothing(outcome):
    assert outcome.result["status"] == "upgraded", outcome.result["summary"]
    assert outcome.versions() == {NEW}


def abort_after_two(run):
    run.until_event("serving", 2)
    run.abort()


@scenario(load=True, act=abort_after_two)
def test_abort_puts_back_what_was_done(outcome):
    assert outcome.result["status"] == "aborted"
    assert outcome.codes() == {"aborted"}
    assert outcome.versions() == {OLD}
    assert len(outcome.forward()) in (2, 3)


@scenario(on_failure="stop", act=abort_after_two)
def test_abort_with_on_failure_stop_leaves_what_was_done(outcome):
    assert outcome.result["status"] == "aborted"
    assert outcome.names("upgraded") == outcome.forward()
    assert outcome.result["todo"]


def begin_again_after(state):
    def act(run):
        run.until_event("stopping", 2)
        run.set_state(state)
        # A publisher gives the lock back, a moment after the end.
        run.until(lambda: run.site.environment("lock", run.cluster) is None, "unlocked")
        found = run.end()
        run.until(lambda: not run.open_children(), "the orphans' end")
        later = run.outcome()
        run.until_at_rest()                  # else the next run is told to wait for that
        return found, later, run.again(parallelism="domain")
    return act


def assert_finished_by_the_second(outcome):
    first, later, second = outcome.seen
    assert later.forward() == ["4", "5"], "orphans touch nothing more"
    assert later.lock is None
    assert second.result["status"] == "upgraded", second.result["summary"]
    assert second.versions() == {NEW}
    both = [event["name"] for event in second.journal + first.journal
            if event["event"] == "stopping"]
    assert len(both) - len(set(both)) <= 1, both
    assert second.lock is None


@scenario(load=True, act=begin_again_after("CANCELLED"))
def test_cancelled_run_is_unlocked_and_the_next_one_finishes_it(outcome):
    assert outcome.seen[0].state == "CANCELLED"
    assert_finished_by_the_second(outcome)


@scenario(act=begin_again_after("ERROR"))
def test_run_set_to_error_by_hand_is_unlocked_and_the_next_one_finishes_it(outcome):
    assert outcome.seen[0].state == "ERROR"
    assert_finished_by_the_second(outcome)


def second_while_paused(run):
    run.until_paused()
    second = run.again()
    kept = run.site.environment("lock", run.cluster)
    run.abort()
    return second, kept


@scenario(pause_after="first", act=second_while_paused)
def test_lock_of_a_paused_run_is_respected_and_its_abort_goes_back(outcome):
    second, kept = outcome.seen
    assert second.codes() == {"locked"}
    assert second.stops() == []
    assert kept["abort"] is False
    assert outcome.result["status"] == "aborted"
    assert outcome.versions() == {OLD}


def test_invariants_are_seen_when_they_are_broken(site, cluster):
    """The assertions themselves: Trove's own upgrade of all members at once breaks them."""
    run = site.begin(cluster, dry_run=True)
    run.end()
    site.lab.upgrade_member(run.member(1).id, NEW)      # a primary, and it leads
    run.until_event("stopping")
    run.over = None
    with pytest.raises(AssertionError):
        assert_invariants(run.end())
