"""Driver of MariaDB replication sets."""
from .driver import MariaDBReplicationDriver

__all__ = ["MariaDBReplicationDriver"]
