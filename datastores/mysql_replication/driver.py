"""MySQL and MariaDB replication sets: replicas first, then the source after its role has moved."""
import functools
from collections.abc import Iterable

from .. import fencing, replication
from ..base import ClusterFacts, DatastoreError, Member
from ..servers import understood
from . import topology
from .client import Servers
from .gate import MySQLReplicationGate


class MySQLReplicationDriver(MySQLReplicationGate):
    """Speaks to each member's own port; see docs/datastores/mysql_replication.md."""

    name = "mysql_replication"
    datastores: tuple[str, ...] = ("mysql",)

    def __init__(self, access):
        super().__init__(access)
        self._servers = Servers(access, self.dialect)

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        return understood(members, self._servers.ask_all(members),
                          functools.partial(topology.build, self.dialect), self)

    def fence(self, facts: ClusterFacts, member_id: str, candidate_id: str) -> None:
        """The source is read-only, nobody writes in spite of that, and the candidate has all.

        Trove's guest makes it read-only, too, and looks at nothing more. Without the right to do so
        (check ``fence_holds``) it is left to that.
        """
        if not facts[member_id].native["may_fence"]:
            return
        source, candidate = facts[member_id].member, facts[candidate_id].member
        try:
            self._servers.set_read_only(source, True)
            self._drain(source, candidate)
        except DatastoreError:
            self._servers.set_read_only(source, False)
            raise

    def _drain(self, source: Member, candidate: Member) -> None:
        writes_on = ("is written to although it is read-only, by an account with "
                     f"{self.dialect.exempt}")
        deadline = fencing.deadline()

        def written() -> str:
            return self._servers.answer(source)["executed"]

        seen = fencing.stands_still(deadline, written, source, writes_on)
        fencing.wait(deadline, lambda: not self.dialect.missing(
            {"executed": seen}, self._servers.answer(candidate)), candidate,
            "has not applied all that the source has written")
        if written() != seen:
            raise fencing.no_fence(source, writes_on)

    def unfence(self, facts: ClusterFacts) -> None:
        """Where two call themselves the source, neither is let to write: only one of them may."""
        source = replication.source_of(facts)
        if source and source.native["read_only"] and source.native["may_fence"]:
            self._servers.set_read_only(source.member, False)
