"""Driver of Apache Cassandra clusters."""
from .driver import CassandraDriver

__all__ = ["CassandraDriver"]
