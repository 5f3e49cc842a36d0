"""Redis Cluster: real Valkey servers, 8.1.8 and 9.1.2, from two packages of the package index."""
from .kind import RedisKind

__all__ = ["RedisKind"]
