"""PostgreSQL replication sets: standbys first, then the source after its role has moved."""
from collections.abc import Iterable

from .. import fencing
from ..base import ClusterFacts, DatastoreError, Member
from ..servers import understood
from . import topology
from .client import Servers
from .gate import PostgreSQLReplicationGate

WRITES_ON = ("is written to although it is read-only for all that set no mode of their own (SET, "
             "BEGIN READ WRITE)")


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
        has replayed all. A session may set its own mode all the same: so nobody may have written
        for a while, and until the candidate has it."""
        source, candidate = facts[member_id].member, facts[candidate_id].member
        if overrides := facts[member_id].native["overrides"]:
            raise fencing.no_fence(source, f"can't be held off from writes: {'; '.join(overrides)}")
        # A promotion may have left it read-only while it was unavailable.
        self._servers.set_read_only(candidate, False)
        self._servers.set_read_only(source, True)
        try:
            self._drain(source, candidate, fencing.deadline())
        except DatastoreError:
            self._servers.set_read_only(source, False)
            raise

    def _drain(self, source: Member, candidate: Member, deadline: float) -> None:
        fencing.wait(deadline, lambda: self._servers.fenced_since(source), source,
                   "has not read its configuration anew")
        since = self._servers.fenced_since(source)
        fencing.wait(deadline, lambda: not self._servers.older_transactions(source, since), source,
                   "has open transactions that may still write")
        written = fencing.stands_still(
            deadline, lambda: self._servers.next_transaction(source), source, WRITES_ON)
        position = topology.end_of(self._servers.answer(source)["inserted"])
        fencing.wait(deadline, lambda: self._servers.answer(candidate)["position"] >= position,
                   candidate, "has not replayed all that the source has written")
        if self._servers.next_transaction(source) != written:
            raise fencing.no_fence(source, WRITES_ON)

    def unfence(self, facts: ClusterFacts) -> None:
        for one in facts.values():
            if one.answers and one.native["fenced"]:
                self._servers.set_read_only(one.member, False)
