"""The lab's PostgreSQL replication sets; the modules beside this one do the work."""
from pathlib import Path

from ..base import Clients, Member
from ..replication import ReplicationKind
from . import native
from .binaries import binaries
from .client import PostgreSQLClients


class PostgreSQLKind(ReplicationKind):
    """A source and its streaming replicas."""

    name = "postgresql_replication"
    datastore = manager = "postgresql"

    def binaries(self) -> dict[str, str]:
        return binaries()

    def members(self, rows: list[dict], settings) -> list[Member]:
        return native.members(rows, settings)

    def clients(self, nodes: list[tuple[str, int]], settings, layout: int) -> Clients:
        return PostgreSQLClients(nodes, settings.password)

    def server(self, instance, directory: Path, address: str, settings):
        from .server import PostgreSQL
        return PostgreSQL(directory, address, settings)
