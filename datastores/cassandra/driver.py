"""Cassandra: seeds first, then rack by rack; where replication covers it a whole rack at a time."""
from collections.abc import Collection, Iterable
from typing import Any

from ..base import Check, ClusterFacts, DatastoreError, Driver, Member, Texts
from . import gate, texts, topology, versions
from .client import Servers


class CassandraDriver(Driver):
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
        return topology.build(members, self._servers.ask_all(members))

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        return gate.checks(facts, float(self.access.get("volume_gib", 0)))

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        return gate.blockers(facts, unavailable)

    def waves(self, facts: ClusterFacts, todo: Collection[str], together: bool) -> list[list[str]]:
        return gate.waves(facts, list(todo), together)

    def path(self, origin: str, target: str) -> str:
        return versions.path(origin, target)

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        return gate.closed_rollback_path(facts[member_id], origin)

    def finalize(self, member: Member, settings: dict[str, str]) -> None:
        """Nothing that CQL could do: it makes sure that people have done it, as far as CQL tells.

        :param settings: ``release_version`` that the member had before.
        """
        facts = self.read([member])[member.id]
        if reason := gate.unfinished(facts, settings["release_version"]):
            raise DatastoreError("not_finalized", f"{reason}; then finalise again.",
                                 instance=member.id)

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        return texts.texts(facts)
