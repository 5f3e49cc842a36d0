"""A whole run, rehearsed on a model: the decisions are the pack's own, the loop is that of
workflows/roll.yaml and workflows/rollback.yaml, and every step checks the invariants."""
from dataclasses import dataclass, field

from hypothesis import assume
from hypothesis import strategies as st
from trove_upgrade.datastores.base import DatastoreError
from trove_upgrade.planning import undo, verdict, waves
from trove_upgrade.schemas import UpgradeError

LOOKS = 12      # at a gate, and for somebody to switch over to

options = st.fixed_dictionaries({
    "parallelism": st.sampled_from(["one", "domain"]), "max_unavailable": st.integers(0, 3),
    "canary": st.booleans(), "on_failure": st.sampled_from(["rollback", "stop", "pause"])})


@dataclass
class Rehearsal:
    """One run on a model cluster.

    :ivar broken: ids whose new server never comes up; their old one does.
    :ivar unwell: (how many were made unavailable before, who is not well then, for how many looks).
    :ivar abort_at: number of waves after which the operator aborts, or None.
    :ivar origin: number of the version that members go back to.
    """

    cluster: object
    plan: dict
    broken: frozenset = frozenset()
    unwell: tuple | None = None
    abort_at: int | None = None
    origin: str = "8.1.8"
    unavailable: set = field(default_factory=set)
    beside: set = field(default_factory=set)    # those that are broken and whose turn it is
    taken: list = field(default_factory=list)
    done: list = field(default_factory=list)

    @property
    def target(self):
        return self.plan["to_version"]["number"]

    def run(self):
        failure, undone = self._roll(), []
        if failure:
            undone, more = self._undo(failure)
            failure = [*more, *failure]
        return verdict.verdict(self.cluster.driver, self.plan, self.cluster.members,
                               self._facts(), failure, undone, [])

    def _roll(self):
        progress = waves.Progress(baked=True)
        self.done = []
        try:
            while wave := self._choose(progress):
                self._wave(wave, self.target)
                self.done += wave
                progress = waves.Progress(progress.waves + 1, baked=True)
        except UpgradeError as error:
            return [error.as_dict()]
        return []

    def _choose(self, progress):
        """Ids of the next wave; empty when all is done."""
        if progress.waves == self.abort_at:
            raise UpgradeError("aborted", "The operator aborted the upgrade.")
        todo = [one for one in todo_of(self.plan) if one not in self.done]
        for _ in range(LOOKS):
            facts = self._facts()
            wave = waves.next_wave(self.cluster.driver, facts, todo, self.plan["options"], progress)
            unhealthy = waves.known_unhealthy(self.plan, todo)
            self.beside = waves.already_unavailable(facts, unhealthy, wave)
            if not (wrong := self.cluster.driver.blockers(facts, self.beside)):
                return wave
        raise UpgradeError("gate_closed", "; ".join(wrong), "retry")

    def _undo(self, failure):
        """Ids of the members that are back, and why no more are."""
        undone = []
        try:
            while wave := self._choose_undo(failure, undone):
                self._wave(wave, self.origin)
                undone += wave
        except UpgradeError as error:
            return undone, [error.as_dict()]
        return undone, []

    def _choose_undo(self, failure, undone):
        wanted = undo.scope(self.plan["options"]["on_failure"], undo.find_errors(failure))
        facts = self._facts()
        todo = [one for one in undo.to_undo(self.plan, self.cluster.members, facts, wanted)
                if one not in undone]
        wave = undo.next_undo(self.cluster.driver, facts, self.plan, todo)
        self.beside = waves.already_unavailable(facts, todo, wave)
        return wave

    def _wave(self, wave, version):
        for one in wave:
            self._switchover(one, version)
        for one in wave:
            self._gate(one, wave, version)
            self._take(one, version)
        came = [self._bring(one, version) for one in wave]
        if not all(came):
            raise UpgradeError("member_failed", "It broke.")

    def _switchover(self, one, version):
        for _ in range(LOOKS):
            try:
                return self.cluster.driver.switchover(self._facts(), one, version)
            except DatastoreError as error:
                found = error
        raise UpgradeError(found.code, found.message, "retry", one)

    def _gate(self, one, wave, version):
        """Right before the act: nobody but this wave is unavailable, and this member leads
        nothing."""
        for _ in range(LOOKS):
            facts = self._facts()
            if not (wrong := self.cluster.driver.blockers(facts, {*wave, *self.beside})):
                self._check_nobody_else_is_broken(facts, set(wave), version)
                if version == self.origin:
                    assert not self.cluster.driver.closed_rollback_path(facts, one, version)
                return
        assert self.unwell or waves.known_unhealthy(self.plan, facts), wrong
        raise UpgradeError("gate_closed", "; ".join(wrong), "retry", one)

    def _check_nobody_else_is_broken(self, facts, wave, version):
        """But for those that a person agreed to, or that go back too, when it is their turn."""
        others = {one for one, each in facts.items() if not each.healthy} - wave
        touched = {one for one, name in self.cluster.trove.items() if name == self.target}
        agreed = touched if version == self.origin else set(waves.known_unhealthy(self.plan, facts))
        assert others <= agreed, "a member was made unavailable while another was not well"
        assert not others or self.beside >= wave, "a healthy member went before a broken one"

    def _take(self, one, version):
        node = self.cluster.nodes[one]
        assert not node.leads, "a member was made unavailable while it led its shard"
        self.cluster.trove[one] = version
        self.unavailable.add(one)
        node.up = False
        self.taken.append((one, version))
        self._check_quorum()

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
        """Every shard is led by a server that is up: no slot is ever out of service."""
        for shard in range(self.cluster.shards):
            leader = self.cluster.leader(shard)
            assert leader and leader.up, f"shard {shard} is led by nobody"

    def _facts(self):
        after, one, looks = self.unwell or (0, "", 0)
        if one and len(self.taken) >= after and looks >= 0:
            self.cluster.set_well(one, not looks)
            self.unwell = (after, one, looks - 1)
        return self.cluster.driver.read(self.cluster.members)


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
    assert {one["code"] for one in result["errors"]} <= {"gate_closed", "no_candidate"}


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
    result = run.run()
    if result["errors"]:        # one must wait, or the others are too few without them
        assert "broken_first" in refused or len(broken) > 1
        assert {one["code"] for one in result["errors"]} == {"gate_closed"}
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
