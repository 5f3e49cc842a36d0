"""Over random topologies and faults no invariant of the design is broken."""
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import rehearsal
from tests.unit.datastores.mongodb.model import NEW, OLD, Cluster, plan_of
from tests.unit.rehearsal import Rehearsal, options

STAGES = {"config": 0, "routers": 2}


@dataclass
class MongoRehearsal(Rehearsal):
    """The pack's own decisions on the model of a sharded cluster."""

    origin: str = OLD

    def _check_quorum(self):
        for name in self.cluster.groups:
            nodes = self.cluster.of(name)
            leader = self.cluster.leader(name)
            assert leader.up, f"{name} is led by nobody"
            assert 2 * sum(node.up for node in nodes) > len(nodes), f"{name} lost its majority"
        assert any(node.up for node in self.cluster.of("routers")), "no router is left"

    def groups(self, version):
        return [self.cluster.nodes[one].group for one, to in self.taken if to == version]


@st.composite
def clusters(draw):
    """Shards, sizes, routers; roles moved about before, some members upgraded by an earlier run."""
    cluster = Cluster(draw(st.integers(1, 4)), draw(st.sampled_from([3, 5])),
                      draw(st.integers(2, 5)))
    for name in cluster.groups:
        cluster.elect(draw(st.sampled_from([node.id for node in cluster.of(name)])))
    followers = [node for node in cluster.of("config") if not node.leads]
    for node in draw(st.lists(st.sampled_from(followers), unique_by=id, max_size=2)):
        node.version = cluster.trove[node.id] = NEW
    return cluster


def rehearse(data, **given):
    cluster = data.draw(clusters())
    plan = plan_of(cluster, **data.draw(options))
    assert plan["ready"], plan["checks"]
    return MongoRehearsal(cluster, plan, **given)


def stage(group):
    return STAGES.get(group, 1)


@given(st.data())
@settings(max_examples=40)
def test_each_member_goes_once_and_the_stages_follow_each_other(data):
    run = rehearse(data)
    rehearsal.assert_all_upgraded_once(run)
    order = run.groups(NEW)
    assert [stage(group) for group in order] == sorted(stage(group) for group in order)
    for name in run.cluster.groups:     # a shard is finished before the next one begins
        places = [number for number, group in enumerate(order) if group == name]
        assert places == list(range(min(places), max(places) + 1)) if places else True


@given(st.data())
@settings(max_examples=40)
def test_nobody_goes_while_another_is_not_well(data):
    rehearsal.assert_nobody_goes_while_another_is_unwell(rehearse(data), data)


@given(st.data())
@settings(max_examples=40)
def test_broken_members_that_a_person_agreed_to_go_before_all_others(data):
    cluster = data.draw(clusters())
    rehearsal.assert_the_broken_go_first(
        data, cluster, lambda **given: plan_of(cluster, **given), MongoRehearsal,
        [one for one, node in cluster.nodes.items() if node.group != "routers" and not node.leads])


@given(st.data())
@settings(max_examples=40)
def test_after_a_failure_nothing_is_touched_but_to_undo_it(data):
    run = rehearse(data)
    rehearsal.assert_only_undone_after_a_failure(run, data)
    if run.plan["options"]["on_failure"] == "rollback":
        healthy = [stage(run.cluster.nodes[one].group) for one, to in run.taken
                   if to == OLD and one not in run.broken]
        assert healthy == sorted(healthy, reverse=True)


@given(st.data())
@settings(max_examples=40)
def test_a_second_run_finishes_what_the_first_left(data):
    first = rehearse(data, abort_at=1)
    rehearsal.assert_a_second_run_finishes(
        first, lambda: MongoRehearsal(first.cluster, plan_of(first.cluster)))


@given(st.data())
@settings(max_examples=40)
def test_no_wave_holds_two_members_of_a_set_or_more_than_half_of_the_routers(data):
    run = rehearse(data)
    for wave in run.plan["waves"]:
        groups = [run.cluster.nodes[one].group for one in wave]
        if len(wave) > 1:
            assert set(groups) == {"routers"}
            assert run.plan["options"]["parallelism"] == "domain"
            assert 2 * len(wave) <= len(run.cluster.of("routers"))


@given(clusters())
@settings(max_examples=40)
def test_secondaries_go_before_the_primary_of_their_set(cluster):
    order = [one for wave in plan_of(cluster)["waves"] for one in wave]
    for name in cluster.groups:
        mine = [one for one in order if cluster.nodes[one].group == name]
        assert mine[-1] == cluster.leader(name).id
