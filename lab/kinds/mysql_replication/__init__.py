"""MySQL replication by GTID: real servers, two versions from Ubuntu's archive.

What the lab's MariaDB replication shares with it is here, too.
"""
from .kind import MySQLReplicationKind

__all__ = ["MySQLReplicationKind"]
