"""A member fails: the upgrade stops at once and puts back what on_failure says."""
import pytest

from tests.end_to_end.invariants import assert_invariants
from tests.end_to_end.site import ALL, NEW, OLD

LAB: dict = {}
XDIST_GROUP = "lab 2"
TOGETHER = {"parallelism": "domain", "canary": False}


def scenario(*faults, **inputs):
    return pytest.mark.scenario(faults=faults, **inputs)


@scenario(("does_not_start", 4), load=True)
def test_first_member_does_not_start_and_goes_back(outcome):
    assert outcome.result["status"] == "rolled_back"
    assert outcome.forward() == ["4"]
    assert outcome.names("rolled_back") == ["4"]
    assert len(outcome.result["todo"]) == 5
    assert outcome.versions() == {OLD}


@scenario(("does_not_start", 3), load=True)
def test_last_member_does_not_start_and_all_go_back(outcome):
    assert outcome.result["status"] == "rolled_back"
    assert outcome.forward() == ALL
    assert len(outcome.result["rolled_back"]) == 6
    assert outcome.versions() == {OLD}
    assert outcome.state == "ERROR"
    assert "failed and was undone" in outcome.state_info
    assert "member-3" in outcome.state_info


@scenario(("does_not_start", "*"))
def test_no_member_starts_and_the_first_failure_stops_it(outcome):
    assert outcome.forward() == ["4"]
    assert outcome.versions() == {OLD}


def run_again_after_the_fault(run):
    first = run.end()
    run.mend()
    return first, run.again()


@scenario(("does_not_start", 5), on_failure="stop", act=run_again_after_the_fault)
def test_on_failure_stop_puts_only_the_failed_member_back_and_a_second_run_does_the_rest(outcome):
    first, second = outcome.seen
    assert_invariants(first)
    assert first.result["status"] == "stopped"
    assert first.names("upgraded") == ["4"]
    assert first.names("rolled_back") == ["5"]
    assert len(first.result["todo"]) == 4
    assert "--datastore-version 9.1.2" in first.result["resume"]
    assert "--skip-check not_a_downgrade" in first.result["undo"]
    assert_invariants(second)
    assert second.result["status"] == "upgraded"
    assert second.names("skipped") == ["4"]
    assert second.forward() == ["5", "6", "1", "2", "3"]


@scenario(("does_not_start", 5), load=True, **TOGETHER)
def test_one_member_of_a_parallel_wave_fails_and_its_siblings_go_back(outcome):
    assert sorted(outcome.forward()) == ["4", "5", "6"]
    assert sorted(outcome.names("rolled_back")) == ["4", "5", "6"]
    assert outcome.versions() == {OLD}


@scenario(("does_not_start", 5, {"version": None}))
def test_a_member_that_starts_no_version_any_more_is_named(outcome):
    assert outcome.result["status"] == "failed"
    assert outcome.names("failed") == ["5"]
    assert outcome.names("upgraded") == ["4"]
    assert "member-5" in outcome.state_info
    assert NEW in outcome.versions()


def resume_after_the_fault(run):
    paused = run.until_paused()
    run.mend()
    run.resume()
    return paused


def abort_after_the_fault(run):
    paused = run.until_paused()
    run.abort()
    return paused


@scenario(("does_not_start", 5), on_failure="pause", act=resume_after_the_fault)
def test_on_failure_pause_and_resume_when_the_fault_is_gone_upgrades_all(outcome):
    assert outcome.seen.state == "PAUSED"
    assert outcome.seen.lock is not None
    assert {member.version for member in outcome.seen.after if member.name.endswith("5")} == {OLD}
    assert outcome.result["status"] == "upgraded"
    assert outcome.versions() == {NEW}


@scenario(("does_not_start", 5), on_failure="pause", act=abort_after_the_fault)
def test_on_failure_pause_and_abort_leaves_what_was_done(outcome):
    assert outcome.seen.state == "PAUSED"
    assert outcome.result["status"] == "aborted"
    assert outcome.names("upgraded") == ["4"]
    assert len(outcome.result["todo"]) + len(outcome.result["rolled_back"]) == 5
