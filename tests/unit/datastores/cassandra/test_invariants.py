"""Over random rings and faults no row is ever without a quorum, and a failure stops the roll."""
import functools
from dataclasses import dataclass

from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.planning.snapshot import ClusterSnapshot
from trove_upgrade.schemas import read_input

from tests.unit import rehearsal
from tests.unit.datastores.cassandra.model import NETWORK, SIMPLE, Cluster
from tests.unit.rehearsal import Rehearsal, options

OLD, NEW = "4.1.9", "5.0.4"
VERSIONS = [{"id": f"id-{number}", "name": number, "number": number} for number in (OLD, NEW)]

shapes = st.dictionaries(
    st.sampled_from(["dc1", "dc2"]),
    st.dictionaries(st.sampled_from(["r1", "r2", "r3", "r4"]), st.integers(1, 3), min_size=2),
    min_size=1)
@st.composite
def clusters(draw):
    """Racks of different sizes, keyspaces of both strategies, some members upgraded before."""
    shape = draw(shapes)
    factors = {dc: str(draw(st.integers(3, 5))) for dc in shape}
    keyspaces = {"shop": {"class": NETWORK, **factors}}
    if draw(st.booleans()):
        keyspaces["old"] = {"class": SIMPLE, "replication_factor": "3"}
    cluster = Cluster(shape, keyspaces)
    for one in draw(st.lists(st.sampled_from(sorted(cluster.nodes)), unique=True, max_size=2)):
        cluster.nodes[one].version = cluster.trove[one] = NEW
    return cluster


def plan_of(cluster, **given):
    snapshot = ClusterSnapshot(
        {"id": "c1", "name": "orders", "datastore": "cassandra", "datastore_version": OLD,
         "task": "NONE"}, cluster.members, VERSIONS, VERSIONS[1], cluster.read())
    chosen = read_input({"cluster_id": "c1", "datastore_version": NEW, "bake_sec": 0, **given})
    return make_plan(snapshot, cluster.driver, chosen, "owner-1")


def replicas_left(cluster, keyspace, unavailable):
    """For each place on the ring: copies that are wanted, and replicas that are not away.

    Walks the ring from every member, as SimpleStrategy and NetworkTopologyStrategy do.
    """
    ring = list(cluster.nodes.values())
    factors = {None: keyspace.get("replication_factor", "0")} if keyspace["class"] == SIMPLE else {
        dc: factor for dc, factor in keyspace.items() if dc != "class"}
    for start in range(len(ring)):
        for dc, factor in factors.items():
            chosen, later = [], []
            for one in ring[start:] + ring[:start]:
                if dc in (None, one.dc):
                    taken = dc and one.rack in {each.rack for each in chosen}
                    (later if taken else chosen).append(one)
            kept = (chosen + later)[:int(factor)]
            yield int(factor), sum(one.id not in unavailable for one in kept)


def has_quorum(cluster, unavailable):
    return all(left >= factor // 2 + 1 for keyspace in cluster.keyspaces.values()
               for factor, left in replicas_left(cluster, keyspace, unavailable))


# Many small rings can't spare a member, and are refused.
rings = functools.partial(settings, suppress_health_check=[HealthCheck.filter_too_much])


@dataclass
class RingRehearsal(Rehearsal):
    """As on shards, but that nobody leads, and each row counts its own replicas."""

    origin: str = OLD

    def _check_quorum(self):
        unavailable = {node.id for node in self.cluster.nodes.values() if not node.up}
        assert has_quorum(self.cluster, unavailable), (unavailable, self.cluster.keyspaces)


def rehearse(data, **given):
    cluster = data.draw(clusters())
    plan = plan_of(cluster, **data.draw(options))
    if not plan["ready"]:
        assert any(not has_quorum(cluster, {one}) for one in cluster.nodes)
        reject()
    return RingRehearsal(cluster, plan, **given)


@given(st.data())
@rings(max_examples=50)
def test_every_member_is_upgraded_once_and_every_row_keeps_its_quorum(data):
    rehearsal.assert_all_upgraded_once(rehearse(data))


@given(st.data())
@rings(max_examples=50)
def test_nobody_goes_while_another_is_not_well(data):
    rehearsal.assert_nobody_goes_while_another_is_unwell(rehearse(data), data)


@given(st.data())
@rings(max_examples=50)
def test_broken_members_that_a_person_agreed_to_go_before_all_others(data):
    cluster = data.draw(clusters())
    rehearsal.assert_the_broken_go_first(
        data, cluster, lambda **given: plan_of(cluster, **given), RingRehearsal)


@given(st.data())
@rings(max_examples=50)
def test_after_a_failure_nothing_is_touched_but_to_undo_it(data):
    run = rehearse(data)
    assume(rehearsal.todo_of(run.plan))
    rehearsal.assert_only_undone_after_a_failure(run, data)


@given(st.data())
@rings(max_examples=40)
def test_a_second_run_finishes_what_the_first_left(data):
    first = rehearse(data, abort_at=1)
    rehearsal.assert_a_second_run_finishes(
        first, lambda: RingRehearsal(first.cluster, plan_of(first.cluster)))


@given(clusters(), options)
@settings(max_examples=60)
def test_no_wave_reaches_over_a_rack(cluster, chosen):
    for wave in plan_of(cluster, **chosen)["waves"]:
        assert len({(cluster.nodes[one].dc, cluster.nodes[one].rack) for one in wave}) == 1
        assert len(wave) == 1 or chosen["parallelism"] == "domain"
        assert not chosen["max_unavailable"] or len(wave) <= chosen["max_unavailable"]
