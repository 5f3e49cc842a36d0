"""Over random replication sets and faults no invariant of the design is broken.

What must hold at every moment is asserted by the model; what must hold at the end is asserted here.
"""
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from trove_upgrade.planning.versions import older

from tests.unit import rehearsal
from tests.unit.acting import Acting, skipped_by
from tests.unit.datastores.replication.dialects import DIALECTS
from tests.unit.datastores.replication.model import Faults, ReplicationSet
from tests.unit.rehearsal import options

ENDS = ["dead", "silent", "refused", "lost"]
STOPS = {"rollback_path_closed", "not_rebuilt", "promotion_failed"}
ABORTS = ["switchover", "request_upgrade", "await_evidence", "choose_undo", "verify", "await_trove"]
each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.datastore)


@st.composite
def sets(draw, dialect):
    """Names in any order, speeds, and members that an earlier run has upgraded."""
    replicas = draw(st.integers(1, 6))
    names = draw(st.permutations([f"orders-{number}" for number in range(replicas + 1)]))
    numbers = st.sampled_from(range(1, replicas + 1))
    upgraded = draw(st.sets(numbers, max_size=3))
    if not dialect.driver.forward_only or len(upgraded) == replicas:
        upgraded |= draw(st.sampled_from([set(), set(), {0}]))
    more = {}
    if not dialect.guest_fences:
        more = {"open_for": draw(st.integers(0, 12)), "conflict": draw(st.integers(0, 12)),
                "synchronous": draw(st.sampled_from(["", "ANY 1 (*)"])) if replicas > 1 else ""}
    return ReplicationSet(dialect, names, upgraded, draw(st.lists(st.integers(6, 12), min_size=1)),
                          draw(st.integers(0, 25)), **more)


def rehearse(data, dialect):
    model = data.draw(sets(dialect))
    plan = model.plan(**data.draw(options))
    assert plan["ready"], plan["checks"]
    return Acting(model, plan, origin=dialect.old, patience=data.draw(st.sampled_from([0, 5])))


def assert_served(model):
    assert model.leader.up
    assert not model.leader.fenced, "nobody takes writes"
    assert not model.promoting


@each_dialect
@given(data=st.data())
@settings(max_examples=50)
def test_every_member_is_upgraded_once_and_the_source_last(data, dialect):
    run = rehearse(data, dialect)
    rehearsal.assert_all_upgraded_once(run)
    assert_served(run.cluster)
    todo = rehearsal.todo_of(run.plan)
    assert len(run.cluster.asked) == ("m0" in todo)
    if "m0" in todo:
        assert run.taken[-1][0] == "m0"


def went_wrong(data, dialect):
    """A run with faults or an abort: the rehearsal, the versions before it and its result."""
    run = rehearse(data, dialect)
    todo = rehearsal.todo_of(run.plan)
    assume(todo)
    run.cluster.faults = Faults(
        data.draw(st.dictionaries(st.sampled_from(todo), st.sampled_from(ENDS), max_size=3)),
        data.draw(st.lists(st.sampled_from(["well", "in_vain", "error"]), max_size=2)),
        data.draw(st.sampled_from([True, True, False])))
    others = sorted(set(run.cluster.nodes) - {"m0"})
    run.cluster.faults.stall = data.draw(st.none() | st.tuples(
        st.integers(0, 2), st.sampled_from(others), st.integers(1, 60)))
    run.abort_at = data.draw(st.none() | st.integers(0, len(todo)))
    run.abort_in = data.draw(st.sampled_from(["", *ABORTS]))
    before = run.cluster.by_name()
    return run, before, run.run()


@each_dialect
@given(data=st.data())
@settings(max_examples=80)
def test_after_a_failure_nothing_is_touched_but_to_undo_it(data, dialect):
    run, before, result = went_wrong(data, dialect)
    model, forward = run.cluster, [one for one, to in run.taken if to == dialect.new]
    assert_served(model)
    rehearsal.assert_each_in_one_list(run.plan, result)
    rehearsal.assert_nothing_goes_forward_after_it_went_back(run)
    assert not set(forward[:-1]) & set(model.faults.broken), "it went on after the first failure"
    assert sorted(model.by_name()) == sorted(before), "a member is missing, or there is one more"
    back = {one for one, to in run.taken if to == dialect.old}
    if result["errors"] and result["errors"][-1]["class"] == "stop":
        assert not back
        assert not model.built
    elif run.plan["options"]["on_failure"] != "rollback":
        assert back <= set(forward[-1:])
        assert len(model.built) <= 1


@each_dialect
@given(data=st.data())
@settings(max_examples=80)
def test_what_can_go_back_is_back_and_what_cannot_is_named_with_the_reason(data, dialect):
    run, before, result = went_wrong(data, dialect)
    model, codes = run.cluster, {one["code"] for one in run.errors}
    event(" ".join(sorted(codes)))
    stopped = [one for one in result["errors"] if one["class"] == "stop"]
    failed = {one["id"] for one in result["failed"]} & set(rehearsal.todo_of(run.plan))
    # Before a member is made unavailable nothing is broken, though it may lag.
    unavailable = {one for one, _ in run.taken}
    lost = {one for one in failed & unavailable if model.faults.broken.get(one) == "lost"}
    if not result["errors"]:
        assert set(model.by_name().values()) == {dialect.new}
        assert run.abort_in or not run.lock.abort
    elif stopped:
        assert {one["code"] for one in stopped} <= STOPS
        assert "rollback_path_closed" not in codes or closed(run)
        assert all(one["instance"] and one["message"] in result["summary"] for one in stopped)
    elif lost:      # Trove could not start the old version either: the undoing ended there
        assert lost == {result["errors"][0]["instance"]}
        assert failed - lost <= model.lagging()
    else:
        assert failed <= model.lagging()
        if run.plan["options"]["on_failure"] == "rollback":
            assert model.by_name() == before
    ended_well = run.errors and not (stopped or lost or "aborted" in codes)
    assert run.ask == bool(ended_well and run.plan["options"]["on_failure"] == "pause")


def closed(run):
    """The source's role has moved to a member on new data, which no old one can follow."""
    return run.cluster.driver.forward_only and not older(run.cluster.leader.version, run.target) \
        and run.cluster.asked


@each_dialect
@given(data=st.data())
@settings(max_examples=80)
def test_a_second_run_finishes_what_the_first_left(data, dialect):
    first, _, result = went_wrong(data, dialect)
    model = first.cluster
    model.heal()
    done = {one for one, node in model.nodes.items() if node.up and node.version == dialect.new}
    before = len(model.taken)
    plan = model.plan(skip_checks=skipped_by(result["resume"]))
    assert plan["ready"], plan["checks"]
    second = Acting(model, plan, origin=dialect.old)
    found = second.run()
    assert found["status"] in ("upgraded", "nothing_to_do"), found["summary"]
    assert done.isdisjoint(one for one, _ in model.taken[before:])
    assert_served(model)
