"""Over random topologies and faults no invariant of the design is broken."""
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import rehearsal
from tests.unit.conftest import plan_of
from tests.unit.datastores.redis.model import SETTINGS, Cluster
from tests.unit.rehearsal import Rehearsal, options, todo_of

PRIMARIES_MAX = 5


class ShardsRehearsal(Rehearsal):
    """Every shard is led by a server that is up: no slot is ever out of service."""

    def _bring(self, one, version):
        self.cluster.nodes[one].settings = SETTINGS.copy()
        return super()._bring(one, version)

    def _check_quorum(self):
        for shard in range(self.cluster.shards):
            leader = self.cluster.leader(shard)
            assert leader and leader.up, f"shard {shard} is led by nobody"


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


def rehearse(data, **given):
    cluster = data.draw(clusters())
    plan = plan_of(cluster, bake_sec=0, **data.draw(options))
    assert plan["ready"], plan["checks"]
    return ShardsRehearsal(cluster, plan, **given)


@given(st.data())
@settings(max_examples=40)
def test_every_member_is_upgraded_once_and_no_shard_is_ever_without_a_primary(data):
    run = rehearse(data)
    rehearsal.assert_all_upgraded_once(run)
    assert all(node.settings == SETTINGS for node in run.cluster.nodes.values())


class Helped(ShardsRehearsal):
    """When the first member is done, somebody else upgrades a follower that was still to go; so
    does the run itself, as far as Mistral knows, when its database is restored."""

    helped = ""

    def tick(self):
        super().tick()
        todo = set(todo_of(self.plan)) - {one for one, _ in self.taken} \
            - {*self.record.wave()["members"]}
        followers = sorted(one for one in todo if not self.cluster.nodes[one].leads)
        if self.taken and followers and not self.unavailable and not self.helped:
            self.helped = followers[0]
            node = self.cluster.nodes[self.helped]
            node.version = self.cluster.trove[self.helped] = self.target
            self.cluster.books.rows[self.helped].version = self.target
            node.starts += 1


@given(st.data())
@settings(max_examples=40)
def test_a_member_that_somebody_else_has_upgraded_meanwhile_is_passed_over(data):
    cluster = data.draw(clusters())
    plan = plan_of(cluster, bake_sec=0)
    run = Helped(cluster, plan)
    assert run.run()["status"] in ("upgraded", "nothing_to_do")
    asked = [one for one, _ in run.taken]
    assert sorted(asked) == sorted(set(todo_of(plan)) - {run.helped})


@given(st.data())
@settings(max_examples=50)
def test_nobody_goes_while_another_is_not_well(data):
    rehearsal.assert_nobody_goes_while_another_is_unwell(rehearse(data), data)


@given(st.data())
@settings(max_examples=50)
def test_broken_members_that_a_person_agreed_to_go_before_all_others(data):
    cluster = data.draw(clusters())
    rehearsal.assert_the_broken_go_first(
        data, cluster, lambda **given: plan_of(cluster, bake_sec=0, **given), ShardsRehearsal)


@given(st.data())
@settings(max_examples=50)
def test_after_a_failure_nothing_is_touched_but_to_undo_it(data):
    rehearsal.assert_only_undone_after_a_failure(rehearse(data), data)


@given(st.data())
@settings(max_examples=40)
def test_a_second_run_finishes_what_the_first_left(data):
    first = rehearse(data, abort_at=1)
    rehearsal.assert_a_second_run_finishes(
        first, lambda: ShardsRehearsal(first.cluster, plan_of(first.cluster, bake_sec=0)))


@given(st.data())
@settings(max_examples=40)
def test_no_wave_is_larger_than_the_plan_allows_nor_has_two_of_a_shard(data):
    run = rehearse(data)
    shard = {one: node.shard for one, node in run.cluster.nodes.items()}
    chosen = run.plan["options"]
    for wave in run.plan["waves"]:
        assert len({shard[one] for one in wave}) == len(wave)
        assert len(wave) == 1 or chosen["parallelism"] == "domain"
        assert not chosen["max_unavailable"] or len(wave) <= chosen["max_unavailable"]


@given(clusters())
@settings(max_examples=40)
def test_replicas_go_before_the_primary_of_their_shard(cluster):
    plan = plan_of(cluster, parallelism="domain")
    order = [one for wave in plan["waves"] for one in wave]
    for shard in range(cluster.shards):
        leader = cluster.leader(shard).id
        replicas = [one for one in order if cluster.nodes[one].shard == shard and one != leader]
        assert all(order.index(one) < order.index(leader) for one in replicas)
