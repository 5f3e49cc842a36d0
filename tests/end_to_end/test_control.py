"""A person at the wheel: pause, resume, abort, cancel, states set by hand."""
import pytest

from tests.end_to_end.invariants import assert_invariants
from tests.end_to_end.site import ALL, NEW, OLD, resume_when_paused

LAB: dict = {}
scenario = pytest.mark.scenario


def resume_each_pause(run):
    """Resume whenever it is paused; what was true at each pause."""
    pauses = []
    while run.until(lambda: run.state != "RUNNING", "paused or over") and run.state == "PAUSED":
        pauses.append(run.outcome())
        run.resume()
    return pauses


def resume_at_the_root(run):
    """As `mistral execution-update ROOT -s RUNNING` does it, which leaves the lock alone."""
    pauses = []
    while run.until(lambda: run.state != "RUNNING", "paused or over") and run.state == "PAUSED":
        pauses.append(run.outcome())
        run.set_state("RUNNING")
    return pauses


@scenario(pause_after="first", parallelism="domain", load=True, act=resume_at_the_root)
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


def pause_in_the_last_wave(run):
    run.until_event("stopping", 6)
    run.pause()
    return resume_when_paused(run)


@scenario(parallelism="domain", act=pause_in_the_last_wave)
def test_operator_pauses_in_the_last_wave(outcome):
    assert_all_are_up_and_the_rollback_path_is_open(outcome.seen)
    assert outcome.result["status"] == "upgraded"
    assert len(outcome.forward()) == 6


def until_the_last_bake(run):
    run.until_event("serving", 6)
    run.until(lambda: run.site.upgrades.progress(run.id).phase == "baking", "baking")


def pause_in_the_last_bake(run):
    until_the_last_bake(run)
    run.pause()
    return resume_when_paused(run)


@scenario(parallelism="domain", canary=False, bake_sec=8, act=pause_in_the_last_bake)
def test_operator_pauses_while_the_whole_cluster_is_watched(outcome):
    assert_all_are_up_and_the_rollback_path_is_open(outcome.seen)
    assert outcome.result["status"] == "upgraded"


def ask_for_a_pause_in_the_lock(run):
    """By hand, when the roll, which reads it between waves, is over."""
    until_the_last_bake(run)
    run.site.set_lock(run.cluster, pause_after="all")
    paused = run.until_paused()
    run.set_state("RUNNING")
    return paused


@scenario(parallelism="domain", canary=False, bake_sec=4, act=ask_for_a_pause_in_the_lock)
def test_nothing_is_finalised_while_the_lock_asks_for_a_pause(outcome):
    assert_all_are_up_and_the_rollback_path_is_open(outcome.seen)
    assert outcome.result["status"] == "upgraded"       # resumed once, with the lock as it was
    assert outcome.held is None


def abort_at_a_pause_that_outlasts_the_bake(run):
    until_the_last_bake(run)
    run.pause()
    run.until(lambda: "SUCCESS" in [one.state for one in tasks(run) if one.name == "bake"], "baked")
    run.abort()


def tasks(run):
    """Those of the run's last part."""
    client = run.site.mistral
    return [task for one in client.executions.list(root_execution_id=run.id)
            if one.workflow_name == "trove_upgrade.complete"
            for task in client.tasks.list(workflow_execution_id=one.id)]


@scenario(parallelism="domain", canary=False, bake_sec=4,
          act=abort_at_a_pause_that_outlasts_the_bake)
def test_abort_after_the_last_wave_puts_all_back(outcome):
    assert outcome.result["status"] == "aborted"
    assert outcome.versions() == {OLD}
    assert len(outcome.names("rolled_back")) == 6
    assert outcome.held is None


def assert_all_are_up_and_the_rollback_path_is_open(paused):
    assert paused.state == "PAUSED"
    assert len([one for one in paused.journal if one["event"] == "serving"]) == 6
    assert len(paused.held) == 6


def pause_in_flight(run):
    run.until_event("serving")
    run.pause()
    paused = run.until_paused()
    run.resume()
    return paused


@scenario(load=True, act=pause_in_flight)
def test_operator_pauses_in_flight_and_resumes(outcome):
    paused = outcome.seen
    assert 1 <= len(paused.forward()) < 6
    away = {event["name"] for event in paused.stops()} - {
        event["name"] for event in paused.journal if event["event"] == "serving"}
    assert away == set()                     # it holds between two waves
    assert paused.lock is not None
    assert outcome.result["status"] == "upgraded"
    assert outcome.forward() == ALL


def pause_at_once(run):
    run.until_event("stopping", 2)
    run.set_state("PAUSED")
    run.until_event("serving", 3)            # the wave ends while the run is paused
    run.set_state("RUNNING")


@scenario(parallelism="domain", load=True, act=pause_at_once)
def test_mistral_pause_in_the_middle_of_a_wave_loses_nothing(outcome):
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
        found = run.end()
        run.until(lambda: run.site.environment("lock", run.cluster) is None, "unlocked")
        run.until_at_rest()                  # else the next run is told to wait for that
        return found, run.again()
    return act


def assert_finished_by_the_second(outcome):
    first, second = outcome.seen
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


def set_to_error(run):
    run.until_event("stopping", 2)
    run.set_state("ERROR")
    found = run.end()
    run.until(lambda: not run.open_children(), "the orphans' end")
    return found, run.outcome()


@scenario(act=set_to_error)
def test_orphans_of_a_run_set_to_error_touch_nothing_more(outcome):
    _, later = outcome.seen
    assert later.forward() == ["4", "5"]
    assert later.lock is None


# Locks
def second_at_once(run):
    run.until_event("serving")
    return run.again(), run.outcome()


@scenario(load=True, act=second_at_once)
def test_second_run_at_once_is_refused_naming_the_first(outcome):
    second, _ = outcome.seen
    assert second.result["status"] == "refused"
    assert second.codes() == {"locked"}
    assert "upgrades this cluster" in second.state_info
    assert outcome.result["status"] == "upgraded"
    assert outcome.forward() == ALL


def leave_a_stale_lock(site, cluster, members):
    ended = site.begin(cluster, dry_run=True).end()
    site.mistral.environments.create(
        name=f"trove_upgrade.lock.{cluster.id}",
        variables={"owner": ended.id, "cluster_id": cluster.id, "abort": False,
                   "pause_after": None})


@scenario(parallelism="domain", prepare=leave_a_stale_lock)
def test_lock_of_an_ended_run_is_taken_over(outcome):
    assert outcome.result["status"] == "upgraded"


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
