"""The lab's MariaDB replication sets; the modules beside this one do the work."""
from pathlib import Path

from .. import mariadb
from ..base import Clients, Member
from ..replication import ReplicationKind
from . import native
from .client import MariaDBClients


class MariaDBReplicationKind(ReplicationKind):
    """A source and its replicas."""

    name = "mariadb_replication"
    datastore = manager = "mariadb"

    def binaries(self) -> dict[str, str]:
        return {version: str(root) for version, root in mariadb.servers().items()}

    def members(self, rows: list[dict], settings) -> list[Member]:
        return native.members(rows, settings)

    def clients(self, nodes: list[tuple[str, int]], settings, layout: int) -> Clients:
        return MariaDBClients(nodes, settings.password)

    def server(self, instance, directory: Path, address: str, settings):
        from .server import MariaDB
        return MariaDB(directory, address, settings)
