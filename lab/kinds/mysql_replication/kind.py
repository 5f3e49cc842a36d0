"""The lab's MySQL replication sets, and what MariaDB's share with them."""
from pathlib import Path
from typing import Any

from .. import mysql
from ..base import Clients, Member
from ..replication import ReplicationKind
from . import native
from .client import SQLClients


class MySQLReplicationKind(ReplicationKind):
    """A source and its replicas.

    :cvar status: the statement that tells how a replica is.
    """

    name = "mysql_replication"
    datastore = manager = "mysql"
    forward_only = True
    archive = mysql.ARCHIVE
    status = native.MYSQL

    def binaries(self) -> dict[str, str]:
        return {version: str(root) for version, root in self.archive.servers().items()}

    def access(self, settings, directory: Path) -> dict[str, Any]:
        # Its accounts are of caching_sha2_password, and a first login by it is a full exchange.
        return super().access(settings, directory) | {"allow_cleartext_password": True}

    def members(self, rows: list[dict], settings) -> list[Member]:
        return native.members(rows, settings, self.status)

    def clients(self, nodes: list[tuple[str, int]], settings, layout: int) -> Clients:
        return SQLClients(nodes, settings.password)

    def server(self, instance, directory: Path, address: str, settings):
        from .server import MySQL
        return MySQL(directory, address, settings)
