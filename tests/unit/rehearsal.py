"""Whole runs on models that have only servers, and what must hold of every run.

The steps are those of the workflows' YAML, walked by acting.py; here is what stands for Trove's
guests, and checks the invariants at each request.
"""
from dataclasses import dataclass, field

from hypothesis import assume
from hypothesis import strategies as st
from trove_upgrade.planning import verdict, waves

from tests.unit.acting import Acting
from tests.unit.trove_model import Books, Row

LOOKS = 12      # about so many at a gate, and for somebody to switch over to

options = st.fixed_dictionaries({
    "parallelism": st.sampled_from(["one", "domain"]), "max_unavailable": st.integers(0, 3),
    "canary": st.booleans(), "on_failure": st.sampled_from(["rollback", "stop", "pause"])})


@dataclass
class Rehearsal(Acting):
    """One run on a model of servers.

    :ivar cluster: has ``nodes``, ``trove``, ``driver`` and ``set_well``.
    :ivar broken: ids whose new server never comes up; their old one does.
    :ivar unwell: (how many were made unavailable before, who is not well then, for how many looks).
    :ivar unavailable: ids of the members that are.
    :ivar seen: what the driver has read last of all members; ``chosen``, when the wave was chosen.
    :ivar coming: id -> the version that Trove's guest is bringing up.
    """

    broken: frozenset = frozenset()
    unwell: tuple | None = None
    unavailable: set = field(default_factory=set)
    seen: dict = field(default_factory=dict)
    chosen: dict = field(default_factory=dict)
    coming: dict = field(default_factory=dict)

    tries = LOOKS

    def __post_init__(self):
        super().__post_init__()
        model = self.cluster
        model.taken = []
        offered = {version["number"]: version for version in (
            self.plan["to_version"], *(one["origin"] for one in self.plan["members"]))}
        model.books = Books(self, self.plan["datastore"], list(offered.values()), [
            Row(one.id, one.name, one.version, one.address, number, kind=one.kind)
            for number, one in enumerate(model.members)], "orders")
        self.read_anew = type(model.driver).read.__get__(model.driver)
        self.state, self.answers = "", {}       # what was asked since anything has changed
        model.driver.read = self._read

    def begin(self, executions):
        super().begin(executions)
        self.chosen = self.seen

    def _read(self, members):
        self.tick()
        self._fall_ill()
        found = self.read(members)
        if len(found) == len(self.cluster.nodes):
            self.seen = found
        return found

    def read(self, members):
        """As the driver does, of which most of a rehearsal's time would go into asking twice."""
        members, now = list(members), repr(self.cluster.nodes)
        if now != self.state:
            self.state, self.answers = now, {}
        key = tuple(one.id for one in members)
        if key not in self.answers:
            self.answers[key] = self.read_anew(members)
        return dict(self.answers[key])

    def _fall_ill(self):
        after, one, looks = self.unwell or (0, "", 0)
        if one and len(self.taken) >= after and looks >= 0:
            self.cluster.set_well(one, not looks)
            self.unwell = (after, one, looks - 1)

    # What Trove's guests are asked for
    def tick(self):
        """Guests end their work."""
        for one, version in self.coming.items():
            came = self._bring(one, version)
            self.cluster.books.rows[one].status = "ACTIVE" if came else "ERROR"
        self.coming = {}

    def upgrade(self, one, version):
        node, facts = self.cluster.nodes[one], self.read(self.cluster.members)
        self._check_wave(facts, one, version)
        if version == self.origin:
            assert not self.cluster.driver.closed_rollback_path(facts, one, version)
        assert not node.leads, "a member was made unavailable while it led its shard"
        self.cluster.trove[one] = version
        self.unavailable.add(one)
        node.up = False
        self.taken.append((one, version))
        self.coming[one] = version
        self._check_quorum()

    def _check_wave(self, facts, one, version):
        """Nobody but this wave is unavailable, but for those that a person agreed to, or that go
        back too, when it is their turn; and the wave is not larger than it may be. One of the wave
        that falls ill before its turn is about to be unavailable all the same."""
        wave = set(self.record.wave()["members"])
        others = {each for each, found in facts.items() if not found.healthy} - wave
        touched = {each for each, name in self.cluster.trove.items() if name == self.target}
        back = version == self.origin
        agreed = touched if back else set(waves.known_unhealthy(self.plan, facts))
        assert others <= agreed, "a member was made unavailable while another was not well"
        assert not others or not self.chosen[one].healthy, \
            "a healthy member went before a broken one"
        if not back:
            self._check_size(wave, facts)

    def _check_size(self, wave, facts):
        asked = self.plan["options"]
        assert len(wave) == 1 or asked["parallelism"] == "domain"
        assert len(wave) <= (asked["max_unavailable"] or len(facts))
        assert len(wave) == 1 or not asked["canary"] or self.taken, "the canary goes alone"

    def _bring(self, one, version):
        node = self.cluster.nodes[one]
        node.version = version
        node.starts += 1
        self.cluster.set_well(one, True)
        node.up = not (one in self.broken and version != self.origin)
        if node.up:
            self.unavailable.discard(one)
        return node.up

    def _check_quorum(self):
        """Whether those that are up still serve everything."""
        raise NotImplementedError


def todo_of(plan):
    """Ids of the members that the plan's run is to upgrade."""
    return [one["id"] for one in plan["members"] if not one["done"]]


def versions_of(cluster):
    """What each member's server runs."""
    return {one: node.version for one, node in cluster.nodes.items()}


def assert_all_upgraded_once(rehearsal):
    """A run without a fault: each member that was to be upgraded was made unavailable once."""
    assert rehearsal.run()["status"] in ("upgraded", "nothing_to_do")
    assert sorted(one for one, _ in rehearsal.taken) == sorted(todo_of(rehearsal.plan))
    assert set(versions_of(rehearsal.cluster).values()) == {rehearsal.target}


def falling_ill(data, cluster):
    """A member that is not well for a while; it leads nothing when it is chosen."""
    followers = sorted(one for one, node in cluster.nodes.items() if not node.leads)
    return data.draw(st.none() | st.tuples(
        st.integers(0, 4), st.sampled_from(followers), st.integers(1, 3 * LOOKS)))


def assert_nobody_goes_while_another_is_unwell(rehearsal, data):
    """A member falls ill somewhen: the run waits, and ends where that takes too long."""
    rehearsal.unwell = falling_ill(data, rehearsal.cluster)
    result = rehearsal.run()
    assert_each_in_one_list(rehearsal.plan, result)
    assert_nothing_goes_forward_after_it_went_back(rehearsal)
    if not result["errors"]:
        assert set(versions_of(rehearsal.cluster).values()) == {rehearsal.target}
    assert {one["code"] for one in rehearsal.errors} <= {"gate_closed", "no_candidate", "not_yet"}


def assert_the_broken_go_first(data, cluster, plan_of, make, followers=None):
    """Members that are broken from the start, and a person who agrees to that by name.

    :param plan_of: makes the plan with the options given.
    :param make: makes the rehearsal of the cluster by a plan.
    :param followers: ids of those that may be broken.
    """
    followers = followers or [one for one, node in cluster.nodes.items() if not node.leads]
    broken = data.draw(st.sets(st.sampled_from(sorted(followers)), min_size=1, max_size=2))
    assume(plan_of()["ready"])
    for one in broken:
        cluster.set_well(one, False)
    refused = [check["name"] for check in plan_of()["checks"] if not check["ok"]]
    assert refused
    plan = plan_of(skip_checks=",".join(refused), **data.draw(options))
    assert plan["ready"]
    run = make(cluster, plan)
    run.run()
    if run.errors:              # one must wait, or the others are too few without them
        assert "broken_first" in refused or len(broken) > 1
        assert {one["code"] for one in run.errors} == {"gate_closed"}
        assert not run.taken or {one for one, _ in run.taken} <= broken
    else:
        assert {one for one, _ in run.taken[:len(broken)]} == broken
        assert set(versions_of(cluster).values()) == {run.target}


def assert_only_undone_after_a_failure(rehearsal, data):
    """A run in which some members' new servers never come up."""
    some = st.sets(st.sampled_from(todo_of(rehearsal.plan)), min_size=1, max_size=3)
    rehearsal.broken = frozenset(data.draw(some))
    before = versions_of(rehearsal.cluster)
    result = rehearsal.run()
    assert result["failed"] == []
    assert rehearsal.ask == bool(
        rehearsal.errors and rehearsal.plan["options"]["on_failure"] == "pause")
    assert all(node.up for node in rehearsal.cluster.nodes.values())
    assert_each_in_one_list(rehearsal.plan, result)
    assert_nothing_goes_forward_after_it_went_back(rehearsal)
    if rehearsal.plan["options"]["on_failure"] == "rollback":
        assert versions_of(rehearsal.cluster) == before
    else:
        assert {one for one, to in rehearsal.taken if to == rehearsal.origin} <= rehearsal.broken


def assert_each_in_one_list(plan, result):
    """Every member of the plan, or the one in its place, is reported once."""
    listed = [one["name"] for key in verdict.LISTS for one in result[key]]
    assert sorted(listed) == sorted(one["name"] for one in plan["members"])


def assert_nothing_goes_forward_after_it_went_back(rehearsal):
    forward = [number for number, (_, to) in enumerate(rehearsal.taken) if to == rehearsal.target]
    assert forward == list(range(len(forward))), "a member was upgraded after the first failure"


def assert_a_second_run_finishes(first, second_of):
    """After a run that was aborted and leaves all as it is.

    :param second_of: makes the second rehearsal when the first is over.
    """
    first.plan["options"]["on_failure"] = "stop"
    first.run()
    done = {one for one, version in versions_of(first.cluster).items() if version == first.target}
    second = second_of()
    assert second.run()["status"] in ("upgraded", "nothing_to_do")
    assert done.isdisjoint(one for one, _ in second.taken)
