"""The lab's MariaDB replication sets: as MySQL's, with MariaDB's servers."""
from pathlib import Path

from .. import mariadb
from ..mysql_replication import MySQLReplicationKind, native


class MariaDBReplicationKind(MySQLReplicationKind):
    """A source and its replicas."""

    name = "mariadb_replication"
    datastore = manager = "mariadb"
    archive = mariadb.ARCHIVE
    status = native.MARIADB

    def server(self, instance, directory: Path, address: str, settings):
        from .server import MariaDB
        return MariaDB(directory, address, settings)
