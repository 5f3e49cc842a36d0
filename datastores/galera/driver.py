"""MariaDB Galera Cluster and Percona XtraDB Cluster: one at a time, the written one last."""
import time
from collections.abc import Collection, Iterable

from ..base import Check, ClusterFacts, Driver, Member, Texts
from . import gate, group, series
from .client import Servers


class GaleraDriver(Driver):
    """Speaks to each member's own port; see docs/datastores/galera.md."""

    name = "galera"
    datastores = ("mariadb", "pxc")
    # Newer system tables are not needed at once, and the rollback path closes with them.
    finalize_mode = "manual"

    def __init__(self, access):
        super().__init__(access)
        self._servers = Servers(access)
        self._unavailable_sec = float(access.get("unavailable_sec", gate.AWAY_SEC))
        self._seen: ClusterFacts = {}       # at the last look, for rates

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        answers = self._servers.ask_all(members)
        facts = group.build(members, answers, time.monotonic(), self._seen,
                            owed=bool(self.access.get("upgrade_program")))
        self._seen = {**self._seen, **facts}
        return facts

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        return gate.checks(facts, self._unavailable_sec)

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        return gate.blockers(facts, unavailable, self._unavailable_sec)

    def waves(self, facts: ClusterFacts, todo: Collection[str], together: bool) -> list[list[str]]:
        """One at a time, always: every member holds all data and votes."""
        return [[one] for one in gate.order(facts, todo, self.access.get("writer", ""))]

    def path(self, origin: str, target: str) -> str:
        return series.path(origin, target)

    def still_coming(self, facts: ClusterFacts, member_id: str) -> str:
        return gate.still_coming(facts, member_id)

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        return gate.closed_rollback_path(facts, member_id, origin)

    def finalize(self, member: Member, settings: dict[str, str]) -> None:
        """Bring the system tables to the new version, where the access file names the program."""
        program = self.access.get("upgrade_program")
        if program:
            self._servers.upgrade_tables(member, program)

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        return gate.texts(facts, self.access)
