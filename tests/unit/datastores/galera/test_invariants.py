"""Over random groups and faults no invariant of the design is broken."""
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import rehearsal
from tests.unit.datastores.galera.model import NEW, NEXT, OLD, Group, plan_of
from tests.unit.rehearsal import Rehearsal, options

quick = settings(max_examples=80)


@dataclass
class GroupRehearsal(Rehearsal):
    """As on shards, but that the group counts heads and members fetch what they missed."""

    origin: str = OLD

    def _bring(self, one, version):
        node = self.cluster.nodes[one]
        self.cluster.write(7)                       # clients write while it is unavailable
        if came := super()._bring(one, version):
            self.cluster.rejoin(node)
        return came

    def _check_quorum(self):
        up = sum(node.up for node in self.cluster.nodes.values())
        assert 2 * up > len(self.cluster.nodes), "no majority is left"
        assert len(self.unavailable) == 1, "more than one member is unavailable"


@st.composite
def groups(draw):
    """Sizes, a writer, members that an earlier run has upgraded."""
    model = Group(draw(st.integers(3, 9)))
    model.nodes[draw(st.sampled_from(sorted(model.nodes)))].status["threads_connected"] = "20"
    done = draw(st.lists(st.sampled_from(sorted(model.nodes)), unique=True, max_size=2))
    for one in done:
        model.nodes[one].version = model.trove[one] = NEW
    return model


def rehearse(data, target=NEW, **given):
    model = data.draw(groups())
    plan = plan_of(model, target, bake_sec=0, **data.draw(options))
    assert plan["ready"], plan["checks"]
    return GroupRehearsal(model, plan, **given)


@given(st.data())
@quick
def test_every_member_is_upgraded_once_one_at_a_time_and_the_writer_last(data):
    run = rehearse(data)
    writer = next(one for one, node in run.cluster.nodes.items() if node.status)
    rehearsal.assert_all_upgraded_once(run)
    if writer in rehearsal.todo_of(run.plan):
        assert run.taken[-1][0] == writer


@given(st.data())
@quick
def test_nobody_goes_while_another_is_not_well(data):
    rehearsal.assert_nobody_goes_while_another_is_unwell(rehearse(data), data)


@given(st.data())
@quick
def test_broken_members_that_a_person_agreed_to_go_before_all_others(data):
    cluster = data.draw(groups())
    rehearsal.assert_the_broken_go_first(
        data, cluster, lambda **given: plan_of(cluster, bake_sec=0, **given), GroupRehearsal)


@given(st.data())
@quick
def test_after_a_failure_nothing_is_touched_but_to_undo_it(data):
    rehearsal.assert_only_undone_after_a_failure(rehearse(data), data)


@given(st.data())
@quick
def test_a_second_run_finishes_what_the_first_left(data):
    first = rehearse(data, abort_at=1)
    rehearsal.assert_a_second_run_finishes(
        first, lambda: GroupRehearsal(first.cluster, plan_of(first.cluster, bake_sec=0)))


@given(st.data())
@quick
def test_no_member_is_ever_asked_to_go_back_to_a_series_that_cannot_read_its_data(data):
    """To another series: whoever has run it stays; whoever never came up may go back while an old
    member is left."""
    run = rehearse(data, NEXT)
    model, order = run.cluster, [wave[0] for wave in run.plan["waves"]]
    at = data.draw(st.integers(0, len(order) - 1))
    for one in order[:at]:
        model.nodes[one].version = NEXT
    model.nodes[order[at]].up = False
    facts = model.facts()
    for one in order[:at]:
        assert model.driver.closed_rollback_path(facts, one, OLD)
    last = at == len(order) - 1 and len(order) == len(model.nodes)
    assert bool(model.driver.closed_rollback_path(facts, order[at], OLD)) is last


def test_a_jump_that_trove_lets_through_is_refused():
    model = Group(version="10.6.21")
    plan = plan_of(model, NEXT)
    assert not plan["ready"]
    refused = [one["name"] for one in plan["checks"] if not one["ok"]]
    assert refused == ["version_path"]
