"""A whole run, rehearsed on the model: the decisions are the pack's own, the loop is that of
workflows/roll.yaml and workflows/rollback.yaml, and every step checks the invariants."""
from dataclasses import dataclass, field

from trove_upgrade.planning import undo, verdict, waves

ERROR = {"code": "member_failed", "class": "rollback", "instance": "", "message": "It broke."}


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

    def run(self):
        failure = self._roll()
        undone = self._undo(failure) if failure else []
        facts = self._facts()
        return verdict.verdict(self.plan, self.cluster.members, facts, failure, undone, [])

    def _roll(self):
        progress = waves.Progress(baked=True)
        while True:
            if progress.waves == self.abort_at:
                return [{**ERROR, "code": "aborted"}]
            todo = [one["id"] for one in self.plan["members"]
                    if not one["done"] and one["id"] not in progress.done]
            step, wave = waves.next_step(self.cluster.driver, self._facts(), todo,
                                         self.plan["options"], progress, "none")
            if step == waves.DONE:
                return None
            if not self._wave(wave, self.plan["to_version"]["number"]):
                return [ERROR]
            progress = waves.Progress((*progress.done, *wave), progress.waves + 1, baked=True)

    def _undo(self, failure):
        undone = []
        wanted = undo.scope(self.plan["options"]["on_failure"], undo.find_errors(failure))
        while True:
            facts = self._facts()
            todo = [one for one in undo.to_undo(self.plan, self.cluster.members, facts, wanted)
                    if one not in undone]
            wave = undo.next_undo(self.cluster.driver, facts, self.plan, todo)
            if not wave:
                return undone
            assert self._wave(wave, self.origin)
            undone += wave

    def _wave(self, wave, version):
        for one in wave:
            self.cluster.driver.hand_over(self._facts(), one, version)
        for one in wave:
            self._gate(one, wave)
            self._take(one, version)
        came = [self._bring(one, version) for one in wave]
        return all(came)

    def _gate(self, one, wave):
        """Right before the act: nobody but this wave is away, and this member leads nothing."""
        wrong = self.cluster.driver.obstacles(self._facts(), wave)
        assert not wrong, wrong

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
