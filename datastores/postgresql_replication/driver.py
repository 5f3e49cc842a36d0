"""PostgreSQL replication sets: standbys first, then the source after its role has moved."""
import time
from collections.abc import Collection, Iterable

from .. import sets
from ..base import Check, ClusterFacts, DatastoreError, Driver, Member, Texts
from . import gate, topology
from .client import Servers

FENCE_SEC = 8.0        # for open transactions to end, and for the candidate to replay what is left
POLL_SEC = 0.05


class PostgreSQLReplicationDriver(Driver):
    """Speaks to each member's own port; see docs/datastores/postgresql_replication.md."""

    name = "postgresql_replication"
    datastores = ("postgresql",)
    replication = True
    promotes_by_trove = True

    def __init__(self, access):
        super().__init__(access)
        self._servers = Servers(access)
        self._members: dict[str, Member] = {}

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        self._members |= {member.id: member for member in members}
        return topology.build(members, self._servers.ask_all(members))

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        return gate.checks(facts)

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        return gate.blockers(facts, unavailable)

    def path(self, origin: str, target: str) -> str:
        return gate.path(origin, target)

    def candidate(self, facts: ClusterFacts, member_id: str, prefer: str) -> str:
        return sets.candidate(facts, member_id, prefer)

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        return gate.texts()

    def fence(self, facts: ClusterFacts, member_id: str, candidate_id: str) -> None:
        """New transactions on the source can't write, those from before are over, and the candidate
        has replayed all. A session that sets its own mode is not held off."""
        source, candidate = self._members[member_id], self._members[candidate_id]
        self._servers.set_read_only(candidate, False)     # left by a promotion while it was unavailable
        self._servers.set_read_only(source, True)
        try:
            self._drain(source, candidate, time.monotonic() + FENCE_SEC)
        except DatastoreError:
            self._servers.set_read_only(source, False)
            raise

    def _drain(self, source: Member, candidate: Member, deadline: float) -> None:
        self._wait(deadline, lambda: self._servers.fenced_since(source), source,
                   "has not read its configuration anew")
        since = self._servers.fenced_since(source)
        self._wait(deadline, lambda: not self._servers.older_transactions(source, since), source,
                   "has open transactions that may still write")
        position = topology.end_of(self._ask(source)["inserted"])
        self._wait(deadline, lambda: self._ask(candidate)["position"] >= position, candidate,
                   "has not replayed all that the source has written")

    def unfence(self, facts: ClusterFacts) -> None:
        for one in facts.values():
            if one.answers and one.native["fenced"]:
                self._servers.set_read_only(self._members[one.id], False)

    def _ask(self, member: Member) -> dict:
        answer = self._servers.ask(member)
        if "error" in answer:
            raise DatastoreError(answer["code"], answer["error"],
                                 passing=answer["code"] == "no_answer", instance=member.id)
        return answer

    @staticmethod
    def _wait(deadline: float, done, member: Member, complaint: str) -> None:
        while not done():
            if time.monotonic() > deadline:
                raise DatastoreError("no_fence", f"{member.name} {complaint} within "
                                     f"{FENCE_SEC:.0f} s; its writes go on.", passing=True,
                                     instance=member.id)
            time.sleep(POLL_SEC)
