"""Over random topologies and faults no invariant of the design is broken."""
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.mongodb.model import NEW, OLD, Cluster, plan_of
from tests.unit.rehearsal import Rehearsal

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


chosen = st.fixed_dictionaries({
    "parallelism": st.sampled_from(["one", "domain"]), "max_unavailable": st.integers(0, 3),
    "canary": st.booleans(), "on_failure": st.sampled_from(["rollback", "stop", "pause"])})


def rehearse(data, **given):
    cluster = data.draw(clusters())
    plan = plan_of(cluster, **data.draw(chosen))
    assert plan["ready"], plan["checks"]
    return cluster, plan, MongoRehearsal(cluster, plan, **given)


def stage(group):
    return STAGES.get(group, 1)


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_each_member_goes_once_and_the_stages_follow_each_other(data):
    cluster, plan, rehearsal = rehearse(data)
    result = rehearsal.run()
    assert result["status"] in ("upgraded", "nothing_to_do")
    assert sorted(one for one, _ in rehearsal.taken) == sorted(
        one["id"] for one in plan["members"] if not one["done"])
    order = rehearsal.groups(NEW)
    assert [stage(group) for group in order] == sorted(stage(group) for group in order)
    for name in cluster.groups:         # a shard is finished before the next one begins
        places = [number for number, group in enumerate(order) if group == name]
        assert places == list(range(min(places), max(places) + 1)) if places else True
    assert {node.version for node in cluster.nodes.values()} == {NEW}


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_after_a_failure_nothing_is_touched_but_to_undo_it(data):
    cluster, plan, rehearsal = rehearse(data)
    todo = [one["id"] for one in plan["members"] if not one["done"]]
    rehearsal.broken = frozenset(data.draw(st.lists(st.sampled_from(todo), min_size=1, max_size=3)))
    before = {one: node.version for one, node in cluster.nodes.items()}
    result = rehearsal.run()
    assert result["failed"] == []
    assert all(node.up for node in cluster.nodes.values())
    forward = [number for number, (_, to) in enumerate(rehearsal.taken) if to == NEW]
    assert forward == list(range(len(forward))), "a member was upgraded after the first failure"
    if plan["options"]["on_failure"] == "rollback":
        assert {one: node.version for one, node in cluster.nodes.items()} == before
        healthy = [cluster.nodes[one].group for one, to in rehearsal.taken
                   if to == OLD and one not in rehearsal.broken]
        assert [stage(group) for group in healthy] == sorted(map(stage, healthy), reverse=True)


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_no_wave_holds_two_members_of_a_set_or_more_than_half_of_the_routers(data):
    cluster, plan, _ = rehearse(data)
    for wave in plan["waves"]:
        groups = [cluster.nodes[one].group for one in wave]
        if len(wave) > 1:
            assert set(groups) == {"routers"}
            assert plan["options"]["parallelism"] == "domain"
            assert 2 * len(wave) <= len(cluster.of("routers"))


@given(clusters())
@settings(deadline=None, max_examples=40)
def test_secondaries_go_before_the_primary_of_their_set(cluster):
    order = [one for wave in plan_of(cluster)["waves"] for one in wave]
    for name in cluster.groups:
        mine = [one for one in order if cluster.nodes[one].group == name]
        assert mine[-1] == cluster.leader(name).id
