"""Driver of MySQL replication sets, and what MariaDB's shares with it."""
from .driver import MySQLReplicationDriver

__all__ = ["MySQLReplicationDriver"]
