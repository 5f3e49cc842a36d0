"""Over random rings and faults no row is ever without a quorum, and a failure stops the roll."""
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from trove_upgrade.planning import undo, verdict, waves
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.planning.situation import Situation
from trove_upgrade.schemas import read_input

from tests.unit.cassandra_model import NETWORK, SIMPLE, Cluster

OLD, NEW = "4.1.9", "5.0.4"
VERSIONS = [{"id": f"id-{number}", "name": number, "number": number} for number in (OLD, NEW)]
ERROR = {"code": "member_failed", "class": "rollback", "instance": "", "message": "It broke."}

shapes = st.dictionaries(
    st.sampled_from(["dc1", "dc2"]),
    st.dictionaries(st.sampled_from(["r1", "r2", "r3", "r4"]), st.integers(1, 3), min_size=2),
    min_size=1)
options = st.fixed_dictionaries({
    "parallelism": st.sampled_from(["one", "domain"]), "max_unavailable": st.integers(0, 3),
    "canary": st.booleans(), "on_failure": st.sampled_from(["rollback", "stop", "pause"])})


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
    situation = Situation(
        {"id": "c1", "name": "orders", "datastore": "cassandra", "datastore_version": OLD,
         "task": "NONE"}, cluster.members, VERSIONS, VERSIONS[1], cluster.read())
    chosen = read_input({"cluster_id": "c1", "datastore_version": NEW, "bake_sec": 0, **given})
    return make_plan(situation, cluster.driver, chosen, "owner-1")


def replicas_left(cluster, keyspace, away):
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
            yield int(factor), sum(one.id not in away for one in kept)


def has_quorum(cluster, away):
    return all(left >= factor // 2 + 1 for keyspace in cluster.keyspaces.values()
               for factor, left in replicas_left(cluster, keyspace, away))


def assert_quorum(cluster, away):
    assert has_quorum(cluster, away), (away, cluster.keyspaces)


class Rehearsal:
    """The loop of workflows/roll.yaml and rollback.yaml with the pack's own decisions."""

    def __init__(self, cluster, plan, broken=()):
        self.cluster, self.plan, self.broken, self.taken = cluster, plan, set(broken), []

    def run(self):
        failure = self._roll()
        undone = self._undo(failure) if failure else []
        return verdict.verdict(self.plan, self.cluster.members, self.cluster.read(), failure,
                               undone, [])

    def _roll(self):
        done = []
        while True:
            todo = [one["id"] for one in self.plan["members"]
                    if not one["done"] and one["id"] not in done]
            step, wave = waves.next_step(
                self.cluster.driver, self.cluster.read(), todo, self.plan["options"],
                waves.Progress(tuple(done), len(done), baked=True), "none")
            if step == waves.DONE:
                return None
            if not self._wave(wave, NEW):
                return [ERROR]
            done += wave

    def _undo(self, failure):
        undone = []
        wanted = undo.scope(self.plan["options"]["on_failure"], undo.find_errors(failure))
        while True:
            facts = self.cluster.read()
            todo = [one for one in undo.to_undo(self.plan, self.cluster.members, facts, wanted)
                    if one not in undone]
            wave = undo.next_undo(self.cluster.driver, facts, self.plan, todo)
            if not wave:
                return undone
            assert self._wave(wave, OLD)
            undone += wave

    def _wave(self, wave, version):
        driver, nodes = self.cluster.driver, self.cluster.nodes
        for one in wave:
            assert driver.obstacles(self.cluster.read(), wave) == []
            if version == OLD:
                assert driver.closed_way_back(self.cluster.read(), one, OLD) == ""
            nodes[one].up = False
            self.cluster.trove[one] = version
            self.taken.append((one, version))
        assert_quorum(self.cluster, {node.id for node in nodes.values() if not node.up})
        for one in wave:
            nodes[one].version, nodes[one].starts = version, nodes[one].starts + 1
            nodes[one].up = version == OLD or one not in self.broken
        return all(nodes[one].up for one in wave)


@given(clusters(), options)
@settings(deadline=None, max_examples=80)
def test_every_member_is_upgraded_once_and_every_row_keeps_its_quorum(cluster, chosen):
    plan = plan_of(cluster, **chosen)
    if not plan["ready"]:
        assert any(not has_quorum(cluster, {one}) for one in cluster.nodes)
        return
    rehearsal = Rehearsal(cluster, plan)
    assert rehearsal.run()["status"] in ("upgraded", "nothing_to_do")
    todo = [one["id"] for one in plan["members"] if not one["done"]]
    assert sorted(one for one, _ in rehearsal.taken) == sorted(todo)
    assert {node.version for node in cluster.nodes.values()} == {NEW}


@given(clusters(), options, st.data())
@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.filter_too_much])
def test_after_a_failure_nothing_is_touched_but_to_undo_it(cluster, chosen, data):
    plan = plan_of(cluster, **chosen)
    todo = [one["id"] for one in plan["members"] if not one["done"]]
    assume(todo and plan["ready"])
    before = {one: node.version for one, node in cluster.nodes.items()}
    rehearsal = Rehearsal(cluster, plan, data.draw(st.sets(st.sampled_from(todo), min_size=1)))
    result = rehearsal.run()
    assert result["failed"] == []
    assert all(node.up for node in cluster.nodes.values())
    forward = [number for number, (_, to) in enumerate(rehearsal.taken) if to == NEW]
    assert forward == list(range(len(forward))), "a member was upgraded after the first failure"
    if chosen["on_failure"] == "rollback":
        assert {one: node.version for one, node in cluster.nodes.items()} == before


@given(clusters(), options)
@settings(deadline=None, max_examples=60)
def test_no_wave_reaches_over_a_rack(cluster, chosen):
    for wave in plan_of(cluster, **chosen)["waves"]:
        assert len({(cluster.nodes[one].dc, cluster.nodes[one].rack) for one in wave}) == 1
        assert len(wave) == 1 or chosen["parallelism"] == "domain"
        assert not chosen["max_unavailable"] or len(wave) <= chosen["max_unavailable"]
