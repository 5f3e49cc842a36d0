"""Over random topologies and faults no invariant of the design is broken."""
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.conftest import plan_of
from tests.unit.model import Cluster
from tests.unit.rehearsal import Rehearsal

PRIMARIES_MAX = 7


@st.composite
def clusters(draw):
    """Shards, replicas, roles moved about before, some members upgraded by an earlier run."""
    cluster = Cluster(draw(st.integers(3, PRIMARIES_MAX)), draw(st.integers(1, 3)))
    replicas = [one for one, node in cluster.nodes.items() if not node.leads]
    for one in draw(st.lists(st.sampled_from(replicas), unique=True, max_size=4)):
        if not cluster.nodes[one].leads:
            cluster.fail_over(one)
    followers = [one for one, node in cluster.nodes.items() if not node.leads]
    for one in draw(st.lists(st.sampled_from(followers), unique=True, max_size=3)):
        cluster.nodes[one].version = cluster.trove[one] = "9.1.2"
    return cluster


options = st.fixed_dictionaries({
    "parallelism": st.sampled_from(["one", "domain"]), "max_unavailable": st.integers(0, 3),
    "canary": st.booleans(), "on_failure": st.sampled_from(["rollback", "stop", "pause"])})


def rehearse(data, **given):
    cluster = data.draw(clusters())
    chosen = data.draw(options)
    plan = plan_of(cluster, bake_sec=0, **chosen)
    assert plan["ready"], plan["checks"]
    return cluster, plan, Rehearsal(cluster, plan, **given)


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_every_member_is_upgraded_once_and_no_shard_is_ever_without_a_primary(data):
    cluster, plan, rehearsal = rehearse(data)
    result = rehearsal.run()
    assert result["status"] in ("upgraded", "nothing_to_do")
    todo = [one["id"] for one in plan["members"] if not one["done"]]
    assert sorted(one for one, _ in rehearsal.taken) == sorted(todo)
    assert {node.version for node in cluster.nodes.values()} == {"9.1.2"}


@given(st.data())
@settings(deadline=None, max_examples=80)
def test_after_a_failure_nothing_is_touched_but_to_undo_it(data):
    cluster, plan, rehearsal = rehearse(data)
    todo = [one["id"] for one in plan["members"] if not one["done"]]
    rehearsal.broken = frozenset(data.draw(st.lists(st.sampled_from(todo), min_size=1, max_size=3)))
    before = {one: node.version for one, node in cluster.nodes.items()}
    result = rehearsal.run()
    assert result["failed"] == []
    assert all(node.up for node in cluster.nodes.values())
    forward = [number for number, (_, to) in enumerate(rehearsal.taken) if to == "9.1.2"]
    assert forward == list(range(len(forward))), "a member was upgraded after the first failure"
    if plan["options"]["on_failure"] == "rollback":
        assert {one: node.version for one, node in cluster.nodes.items()} == before
    else:
        assert [to for _, to in rehearsal.taken].count("8.1.8") <= len(plan["waves"][0]) + 3


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_a_second_run_finishes_what_the_first_left(data):
    cluster, plan, first = rehearse(data, abort_at=1)
    plan["options"]["on_failure"] = "stop"
    first.run()
    done = {one for one, node in cluster.nodes.items() if node.version == "9.1.2"}
    second = Rehearsal(cluster, plan_of(cluster, bake_sec=0))
    assert second.run()["status"] in ("upgraded", "nothing_to_do")
    assert done.isdisjoint(one for one, _ in second.taken)


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_no_wave_is_larger_than_the_plan_allows_nor_has_two_of_a_shard(data):
    cluster, plan, _ = rehearse(data)
    shard = {one: node.shard for one, node in cluster.nodes.items()}
    bound = plan["options"]["max_unavailable"]
    for wave in plan["waves"]:
        assert len({shard[one] for one in wave}) == len(wave)
        assert len(wave) == 1 or plan["options"]["parallelism"] == "domain"
        assert not bound or len(wave) <= bound


@given(clusters())
@settings(deadline=None, max_examples=40)
def test_replicas_go_before_the_primary_of_their_shard(cluster):
    plan = plan_of(cluster, parallelism="domain")
    order = [one for wave in plan["waves"] for one in wave]
    for shard in range(cluster.shards):
        leader = cluster.leader(shard).id
        replicas = [one for one in order if cluster.nodes[one].shard == shard and one != leader]
        assert all(order.index(one) < order.index(leader) for one in replicas)
