"""Cassandra: seeds first, then rack by rack; where replication covers it a whole rack at a time."""
from collections.abc import Iterable
from typing import Any

from ..base import ClusterFacts, DatastoreError, Member
from ..servers import understood
from . import topology
from .client import Servers
from .gate import CassandraGate, unfinished


class CassandraDriver(CassandraGate):
    """Speaks CQL to each member's own port; see docs/datastores/cassandra.md."""

    name = "cassandra"
    datastores = ("cassandra",)
    # Rewriting all tables closes the rollback path and can only be done on the members themselves.
    finalize_mode = "manual"

    def __init__(self, access: dict[str, Any]):
        super().__init__(access)
        self._servers = Servers(access)

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        return understood(members, self._servers.ask_all(members), topology.build, self)

    def finalize(self, member: Member, settings: dict[str, str]) -> None:
        """Make sure that people have finished the upgrade, as far as CQL tells; CQL can't do it.

        :param settings: ``release_version`` that the member had before.
        """
        facts = self.read([member])[member.id]
        if reason := unfinished(facts, settings["release_version"]):
            raise DatastoreError("not_finalized", f"{reason}; then finalise again.",
                                 instance=member.id)
