"""MariaDB replication by GTID: real servers, two versions from Debian's archive."""
from .kind import MariaDBReplicationKind

__all__ = ["MariaDBReplicationKind"]
