"""MariaDB Galera Cluster and Percona XtraDB Cluster: one at a time, the written one last."""
import time
from collections.abc import Iterable

from ..base import ClusterFacts, Member
from ..servers import Answers, understood
from . import topology
from .client import Servers
from .gate import GaleraGate


class GaleraDriver(GaleraGate):
    """Speaks to each member's own port; see docs/datastores/galera.md."""

    name = "galera"
    datastores = ("mariadb", "pxc")
    # Newer system tables are not needed at once, and the rollback path closes with them.
    finalize_mode = "manual"

    def __init__(self, access):
        super().__init__(access)
        self._servers = Servers(access)
        self._seen: ClusterFacts = {}       # at the last look, for rates

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        facts = understood(members, self._servers.ask_all(members), self._build, self)
        self._seen = {**self._seen, **facts}
        return facts

    def _build(self, members: list[Member], answers: Answers) -> ClusterFacts:
        return topology.build(members, answers, time.monotonic(), self._seen,
                              owed=bool(self.access.get("upgrade_program")))

    def finalize(self, member: Member, settings: dict[str, str]) -> None:
        """Bring the system tables to the new version, where the access file names the program."""
        program = self.access.get("upgrade_program")
        if program:
            self._servers.upgrade_tables(member, program)
