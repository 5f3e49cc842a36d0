"""PostgreSQL replication sets: standbys first, then the source after its role has moved."""
import time
from collections.abc import Callable, Iterable

from ..base import ClusterFacts, DatastoreError, Member
from ..polling import wait_until
from ..servers import understood
from . import topology
from .client import Servers
from .gate import PostgreSQLReplicationGate

FENCE_SEC = 8.0        # for open transactions to end, and for the candidate to replay what is left
POLL_SEC = 0.05


class PostgreSQLReplicationDriver(PostgreSQLReplicationGate):
    """Speaks to each member's own port; see docs/datastores/postgresql_replication.md."""

    name = "postgresql_replication"
    datastores = ("postgresql",)

    def __init__(self, access):
        super().__init__(access)
        self._servers = Servers(access)

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        return understood(members, self._servers.ask_all(members), topology.build, self)

    def fence(self, facts: ClusterFacts, member_id: str, candidate_id: str) -> None:
        """New transactions on the source can't write, those from before are over, and the candidate
        has replayed all. A session that sets its own mode is not held off."""
        source, candidate = facts[member_id].member, facts[candidate_id].member
        # A promotion may have left it read-only while it was unavailable.
        self._servers.set_read_only(candidate, False)
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
        position = topology.end_of(self._servers.answer(source)["inserted"])
        self._wait(deadline, lambda: self._servers.answer(candidate)["position"] >= position,
                   candidate, "has not replayed all that the source has written")

    def unfence(self, facts: ClusterFacts) -> None:
        for one in facts.values():
            if one.answers and one.native["fenced"]:
                self._servers.set_read_only(one.member, False)

    @staticmethod
    def _wait(deadline: float, done: Callable[[], object], member: Member, complaint: str) -> None:
        if not wait_until(done, deadline, POLL_SEC):
            raise DatastoreError("no_fence", f"{member.name} {complaint} within "
                                 f"{FENCE_SEC:.0f} s; its writes go on.", passing=True,
                                 instance=member.id)
