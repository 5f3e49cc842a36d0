"""A whole run, rehearsed on a model: the decisions are the pack's own, the loop is that of
workflows/roll.yaml and workflows/rollback.yaml, and every step checks the invariants."""
from dataclasses import dataclass, field

from hypothesis import strategies as st
from trove_upgrade.planning import undo, verdict, waves
from trove_upgrade.schemas import UpgradeError

options = st.fixed_dictionaries({
    "parallelism": st.sampled_from(["one", "domain"]), "max_unavailable": st.integers(0, 3),
    "canary": st.booleans(), "on_failure": st.sampled_from(["rollback", "stop", "pause"])})


@dataclass
class Rehearsal:
    """One run on a model cluster.

    :ivar broken: ids whose new server never comes up; their old one does.
    :ivar abort_at: number of waves after which the operator aborts, or None.
    :ivar origin: number of the version that members go back to.
    """

    cluster: object
    plan: dict
    broken: frozenset = frozenset()
    abort_at: int | None = None
    origin: str = "8.1.8"
    away: set = field(default_factory=set)
    taken: list = field(default_factory=list)

    @property
    def target(self):
        return self.plan["to_version"]["number"]

    def run(self):
        failure, undone = self._roll(), []
        if failure:
            undone, more = self._undo(failure)
            failure = [*more, *failure]
        return verdict.verdict(self.plan, self.cluster.members, self._facts(), failure, undone, [])

    def _roll(self):
        progress = waves.Progress(baked=True)
        try:
            while wave := self._choose(progress):
                self._wave(wave, self.target)
                progress = waves.Progress((*progress.done, *wave), progress.waves + 1, baked=True)
        except UpgradeError as error:
            return [error.as_dict()]
        return []

    def _choose(self, progress):
        """Ids of the next wave; empty when all is done."""
        if progress.waves == self.abort_at:
            raise UpgradeError("aborted", "The operator aborted the upgrade.")
        todo = [one for one in todo_of(self.plan) if one not in progress.done]
        return waves.next_step(self.cluster.driver, self._facts(), todo, self.plan["options"],
                               progress, "none")[1]

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
        return undo.next_undo(self.cluster.driver, facts, self.plan, todo)

    def _wave(self, wave, version):
        for one in wave:
            self.cluster.driver.hand_over(self._facts(), one, version)
        for one in wave:
            self._gate(one, wave, version)
            self._take(one, version)
        came = [self._bring(one, version) for one in wave]
        if not all(came):
            raise UpgradeError("member_failed", "It broke.")

    def _gate(self, one, wave, version):
        """Right before the act: nobody but this wave is away, and this member leads nothing."""
        facts = self._facts()
        wrong = self.cluster.driver.obstacles(facts, wave)
        assert not wrong, wrong
        if version == self.origin:
            assert not self.cluster.driver.closed_way_back(facts, one, version)

    def _take(self, one, version):
        node = self.cluster.nodes[one]
        assert not node.leads, "a member was taken away while it led its shard"
        self.cluster.trove[one] = version
        self.away.add(one)
        node.up = False
        self.taken.append((one, version))
        self._check_quorum()

    def _bring(self, one, version):
        node = self.cluster.nodes[one]
        node.version = version
        node.starts += 1
        node.up = not (one in self.broken and version != self.origin)
        if node.up:
            self.away.discard(one)
        return node.up

    def _check_quorum(self):
        """Every shard is led by a server that is up: no slot is ever out of service."""
        for shard in range(self.cluster.shards):
            leader = self.cluster.leader(shard)
            assert leader and leader.up, f"shard {shard} is led by nobody"

    def _facts(self):
        return self.cluster.driver.read(self.cluster.members)


def todo_of(plan):
    """Ids of the members that the plan's run is to upgrade."""
    return [one["id"] for one in plan["members"] if not one["done"]]


def versions_of(cluster):
    """What each member's server runs."""
    return {one: node.version for one, node in cluster.nodes.items()}


def assert_all_upgraded_once(rehearsal):
    """A run without a fault: each member that was to be upgraded was taken away once."""
    assert rehearsal.run()["status"] in ("upgraded", "nothing_to_do")
    assert sorted(one for one, _ in rehearsal.taken) == sorted(todo_of(rehearsal.plan))
    assert set(versions_of(rehearsal.cluster).values()) == {rehearsal.target}


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
