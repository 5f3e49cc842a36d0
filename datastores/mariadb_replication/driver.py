"""MariaDB replication sets: as MySQL's, in MariaDB's words."""
from ..mysql_replication.dialect import MariaDB
from ..mysql_replication.driver import MySQLReplicationDriver
from ..mysql_replication.paths import MARIADB


class MariaDBReplicationDriver(MySQLReplicationDriver):
    """See docs/datastores/mariadb_replication.md."""

    name = "mariadb_replication"
    # Trove calls a cluster of Galera mariadb, too: the kind of what is upgraded tells them apart.
    datastores = ("mariadb",)
    dialect = MariaDB()
    paths = MARIADB
