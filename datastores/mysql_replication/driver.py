"""MySQL and MariaDB replication sets: replicas first, then the source after its role has moved."""
import functools
from collections.abc import Iterable

from ..base import ClusterFacts, Member
from ..servers import understood
from . import topology
from .client import Servers
from .gate import MySQLReplicationGate


class MySQLReplicationDriver(MySQLReplicationGate):
    """Speaks to each member's own port; see docs/datastores/mysql_replication.md.

    It changes nothing on the members: Trove's guest makes the source read-only and waits for the
    candidate by itself, so there is nothing to fence.
    """

    name = "mysql_replication"
    datastores: tuple[str, ...] = ("mysql",)

    def __init__(self, access):
        super().__init__(access)
        self._servers = Servers(access, self.dialect)

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        return understood(members, self._servers.ask_all(members),
                          functools.partial(topology.build, self.dialect), self)
