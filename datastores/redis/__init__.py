"""Driver of Redis and Valkey clusters (Redis Cluster protocol)."""
from .driver import RedisDriver

__all__ = ["RedisDriver"]
