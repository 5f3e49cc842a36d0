"""What the lab can run as guests: one kind a datastore, found by name."""
import importlib

from .base import Kind

# Loaded when asked for, so that a kind whose client is not installed hinders nobody.
KINDS = {"redis": "redis:RedisKind",
         "galera": "galera:GaleraKind",
         "mongodb": "mongodb.kind:MongoKind",
         "cassandra": "cassandra.kind:CassandraKind",
         "vertica": "vertica:VerticaKind",
         "postgresql_replication": "postgresql:PostgreSQLKind",
         "mariadb_replication": "mariadb_replication:MariaDBReplicationKind",
         "mysql_replication": "mysql_replication:MySQLReplicationKind",
         "generic": "generic:GenericKind"}


def kind(name: str) -> Kind:
    """The kind of this name.

    :raises ValueError: naming those that there are.
    """
    if name not in KINDS:
        raise ValueError(f"the lab knows no datastore {name!r}; it knows: {', '.join(KINDS)}")
    module, _, found = KINDS[name].partition(":")
    return getattr(importlib.import_module(f"{__name__}.{module}"), found)()
