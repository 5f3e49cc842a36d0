import dataclasses

import pytest
from trove_upgrade.planning import undo

from tests.unit.conftest import plan_of

FAILED = [{"code": "member_failed", "class": "rollback", "instance": "m0005",
           "message": "It broke."}]


def touched(cluster, *new, broken=()):
    plan = plan_of(cluster)
    for one in (*new, *broken):
        cluster.trove[one] = "9.1.2"
        cluster.nodes[one].version = "9.1.2"
    for one in broken:
        cluster.nodes[one].up = False
    return plan, cluster.members, cluster.driver.read(cluster.members)


@pytest.mark.parametrize(("on_failure", "errors", "expected"), [
    ("rollback", FAILED, "all"), ("stop", FAILED, "failed"), ("pause", FAILED, "failed"),
    ("rollback", [{**FAILED[0], "class": "stop"}], "nothing"), ("rollback", [], "all")])
def test_scope_of_an_undo(on_failure, errors, expected):
    assert undo.scope(on_failure, errors) == expected


def test_a_person_is_asked_only_with_pause_and_not_after_an_abort_or_a_stop():
    assert undo.ask_person("pause", FAILED)
    assert not undo.ask_person("rollback", FAILED)
    assert not undo.ask_person("pause", [{**FAILED[0], "code": "aborted"}])
    assert not undo.ask_person("pause", [{**FAILED[0], "class": "stop"}])


@pytest.mark.parametrize(("status", "undone"), [
    ("ACTIVE", []), ("ERROR", ["m0004"]), ("FAILED", ["m0004"])])
def test_a_member_that_trove_or_its_guest_calls_failed_goes_back(cluster, status, undone):
    plan, members, facts = touched(cluster, "m0004")
    members = [dataclasses.replace(one, status=status) if one.id == "m0004" else one
               for one in members]
    assert undo.to_undo(plan, members, facts, "failed") == undone


def test_only_what_this_run_touched_is_undone(cluster):
    cluster.trove["m0003"] = cluster.nodes["m0003"].version = "9.1.2"   # an earlier run's
    plan, members, facts = touched(cluster, "m0004", broken=["m0005"])
    assert undo.to_undo(plan, members, facts, "all") == ["m0004", "m0005"]
    assert undo.to_undo(plan, members, facts, "failed") == ["m0005"]
    assert undo.to_undo(plan, members, facts, "nothing") == []


def test_broken_members_go_back_at_once_then_replicas_before_primaries(cluster):
    plan, members, facts = touched(cluster, "m0003", "m0000", broken=["m0004", "m0005"])
    todo = undo.to_undo(plan, members, facts, "all")
    assert undo.next_undo(cluster.driver, facts, plan, todo) == ["m0004", "m0005"]
    cluster.fail_over("m0003")
    facts = cluster.driver.read(cluster.members)
    assert undo.next_undo(cluster.driver, facts, plan, ["m0003", "m0000"]) == ["m0000"]
    assert undo.next_undo(cluster.driver, facts, plan, []) == []


@pytest.mark.parametrize("failure", [
    FAILED[0], {"result": "long text", "failure": FAILED[0]},
    [{"failure": None}, {"failure": FAILED}],
    {"failure": {"result": "x", "failure": [{"failure": FAILED[0]}]}}])
def test_the_error_is_found_wherever_mistral_left_it(failure):
    assert undo.find_errors(failure) == FAILED


@pytest.mark.parametrize("failure", ["Heartbeat wasn't received.", {"result": "Traceback " * 100}])
def test_an_engine_error_becomes_one_short_sentence(failure):
    error, = undo.find_errors(failure)
    assert error["code"] == "engine_error"
    assert len(error["message"]) < 400


def test_no_failure_has_no_errors():
    assert undo.find_errors(None) == []
    assert undo.find_errors({}) == []
