"""MySQL and MariaDB replication sets: replicas first, then the source after its role has moved."""
from collections.abc import Collection, Iterable

from .. import sets
from ..base import Check, ClusterFacts, Driver, Member, Texts
from . import gate, topology
from .client import Servers
from .dialect import Dialect, MySQL


class MySQLReplicationDriver(Driver):
    """Speaks to each member's own port; see docs/datastores/mysql_replication.md.

    It changes nothing on the members: Trove's guest makes the source read-only and waits for the
    candidate by itself, so there is nothing to fence.
    """

    name = "mysql_replication"
    datastores: tuple[str, ...] = ("mysql",)
    replication = True
    promotes_by_trove = True
    forward_only = True
    dialect: Dialect = MySQL()

    def __init__(self, access):
        super().__init__(access)
        self._servers = Servers(access, self.dialect)

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        return topology.build(self.dialect, members, self._servers.ask_all(members))

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        return gate.checks(facts)

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        return gate.blockers(facts, unavailable)

    def path(self, origin: str, target: str) -> str:
        return gate.path(self.dialect, origin, target)

    def candidate(self, facts: ClusterFacts, member_id: str, prefer: str) -> str:
        return sets.candidate(facts, member_id, prefer)

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        return gate.closed_rollback_path(facts, member_id, origin)

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        return gate.texts(self.dialect)
