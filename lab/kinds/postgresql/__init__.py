"""PostgreSQL with streaming replication: real servers, 18.4 and 18.6, from two packages of the
package index."""
from .kind import PostgreSQLKind

__all__ = ["PostgreSQLKind"]
