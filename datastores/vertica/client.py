"""How a Vertica node is asked: the only module here that opens a connection."""
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import vertica_python
from vertica_python.errors import Error, PermissionDenied, SSLNotSupported
from vertica_python.vertica.messages import Authentication

from .. import access
from ..base import DatastoreError, Member
from ..servers import AskedAtOnce
from ..watch import Watch

SHUTDOWN_SEC = 30.0      # the answer comes after the moveout
REFUSED = "Sqlstate: 28"     # class 28: invalid authorization (the client gives it as text only)

NODE = "SELECT local_node_name()"
VERSION = "SELECT version()"
NODES = ("SELECT node_name, node_state, node_address FROM v_catalog.nodes "
         "WHERE node_type = 'PERMANENT' ORDER BY node_name")
SYSTEM = "SELECT designed_fault_tolerance, current_fault_tolerance FROM v_monitor.system"
# A container's process ids repeat; the moment at which the node came up does not.
SINCE = ("SELECT CAST(MAX(event_timestamp) AS VARCHAR) FROM v_monitor.node_states "
         "WHERE node_state = 'UP' AND node_name = local_node_name()")
STALE = ("SELECT DISTINCT projection_schema || '.' || projection_name FROM v_catalog.projections "
         "WHERE NOT is_up_to_date ORDER BY 1")
CATALOG_FREE = ("SELECT MIN(disk_space_free_mb) FROM v_monitor.disk_storage "
                "WHERE storage_usage LIKE '%CATALOG%'")
NOW = "SELECT CAST(SYSDATE() AS VARCHAR)"
CATALOG = "SELECT MAX(memory_size_kb) FROM v_monitor.resource_pool_status " \
          "WHERE pool_name = 'metadata'"
MEMORY = "SELECT MIN(total_memory_bytes) FROM v_monitor.host_resources"
RUNNING = ("SELECT DISTINCT session_type FROM v_monitor.system_sessions WHERE is_active "
           "AND session_type IN ('REBALANCE_CLUSTER', 'REFRESH', 'RECOVERY') ORDER BY 1")
SESSIONS = ("SELECT user_name, transaction_start FROM v_monitor.sessions "
            "WHERE transaction_start IS NOT NULL")
BACKUP = ("SELECT CAST(MAX(backup_timestamp) AS VARCHAR) FROM v_monitor.database_backups "
          "WHERE objects IS NULL OR objects = ''")


# What of a login does not reveal the password: what needs none of it, and salted hashes.
KEEPING = {Authentication.OK, Authentication.CHANGE_PASSWORD, Authentication.PASSWORD_GRACE,
           Authentication.MD5_PASSWORD, Authentication.HASH, Authentication.HASH_MD5,
           Authentication.HASH_SHA512}


class Connection(vertica_python.Connection):
    """The stock one, watched, and careful with the password.

    The stock one also leaves its socket open when the server refuses the session.
    """

    def __init__(self, options: dict[str, Any], watch: Watch, may_reveal: bool):
        self._watch, self._may_reveal = watch, may_reveal
        super().__init__(options)

    def startup_connection(self) -> None:
        try:
            super().startup_connection()
        except BaseException:
            self.close_socket()
            raise

    def create_socket(self, family: int) -> socket.socket:
        wire = super().create_socket(family)
        self._watch.add(wire.fileno())
        return wire

    def read_message(self) -> Any:
        message = super().read_message()
        if isinstance(message, Authentication) and message.code not in KEEPING \
                and not self._may_reveal:
            raise access.Revealing()
        return message


class Servers(AskedAtOnce):
    """Connections to nodes, by the access file: port, database, username, password_file,
    allow_cleartext_password, tls, ca_file, check_name, cert_file, key_file."""

    default_port = 5433
    timeout_sec = 3.0
    library = (Error,)

    @contextmanager
    def session(self, address: str, watch: Watch, timeout_sec: float) -> Iterator[Any]:
        """A cursor on one node."""
        options = {"host": address, "connection_timeout": timeout_sec, **self._arguments()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")     # the client warns of the server's notices
            with Connection(options, watch, access.may_reveal(self._access)) as connection:
                yield connection.cursor()

    def failure(self, member: Member, error: Exception) -> DatastoreError:
        refused = isinstance(error, PermissionDenied | SSLNotSupported) or REFUSED in str(error)
        return access.failure(member, error, error, refused)

    def answer(self, member: Member) -> dict[str, Any]:
        """``{version, node, nodes, designed, current, since}``.

        ``nodes`` holds ``[name, state, address]`` of every node as this one sees it.
        """
        with self.connect(member) as cursor:
            designed, current = _row(cursor, SYSTEM)
            return {"version": _value(cursor, VERSION), "node": _value(cursor, NODE),
                    "nodes": cursor.execute(NODES).fetchall(), "designed": designed,
                    "current": current, "since": _value(cursor, SINCE) or ""}

    def audit(self, member: Member) -> dict[str, Any]:
        """What only preflight asks, of one node for all: ``{now, catalog_kb, memory_bytes,
        running, sessions, backup, stale, catalog_free_mb}``; times are texts by the server's
        clock."""
        with self.connect(member) as cursor:
            return {"now": _value(cursor, NOW), "catalog_kb": _value(cursor, CATALOG),
                    "memory_bytes": _value(cursor, MEMORY), "backup": _value(cursor, BACKUP),
                    "stale": [row[0] for row in cursor.execute(STALE).fetchall()],
                    "catalog_free_mb": _value(cursor, CATALOG_FREE),
                    "running": [row[0] for row in cursor.execute(RUNNING).fetchall()],
                    "sessions": cursor.execute(SESSIONS).fetchall()}

    def shut_down(self, member: Member, version: str) -> None:
        """Shut the whole database down, if this node still runs ``version``.

        The argument true ends the sessions of others; what they have committed is kept.
        """
        with self.connect(member, SHUTDOWN_SEC) as cursor:
            if _value(cursor, VERSION) == version:
                cursor.execute("SELECT SHUTDOWN('true')").fetchall()

    def _arguments(self) -> dict[str, Any]:
        chosen, tls = self._access, access.tls(self._access)
        secret = access.password(chosen)
        return {
            "port": self._port(), "user": chosen.get("username", "dbadmin"),
            "database": chosen.get("database", ""), "session_label": "trove_upgrade",
            # A server could ask for files of the executors.
            "disable_copy_local": True,
            "autocommit": True, **({"ssl": tls} if tls else {"tlsmode": "disable"}),
            **({} if secret is None else {"password": secret})}


def _row(cursor: Any, query: str) -> list[Any]:
    return cursor.execute(query).fetchall()[0]


def _value(cursor: Any, query: str) -> Any:
    return _row(cursor, query)[0]
