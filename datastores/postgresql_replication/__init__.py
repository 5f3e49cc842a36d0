"""Driver of PostgreSQL replication sets: a source and its streaming standbys."""
from .driver import PostgreSQLReplicationDriver

__all__ = ["PostgreSQLReplicationDriver"]
