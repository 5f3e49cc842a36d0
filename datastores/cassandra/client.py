"""How a Cassandra member is asked: the only module here that opens a connection."""
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cassandra import AuthenticationFailed, DriverException, InvalidRequest, Unauthorized
from cassandra.auth import PlainTextAuthProvider
from cassandra.connection import ConnectionException
from cassandra.policies import FallthroughRetryPolicy, WhiteListRoundRobinPolicy
from cassandra.protocol import ErrorMessage, ProtocolHandler, ResultMessage
from cassandra.query import dict_factory

from .. import access
from ..base import DatastoreError, Member
from ..servers import AskedAtOnce
from ..watch import Watch

with warnings.catch_warnings():
    # The driver imports eventlet where there is one, and eventlet warns of itself.
    warnings.simplefilter("ignore")
    from cassandra.cluster import (
        EXEC_PROFILE_DEFAULT,
        Cluster,
        ExecutionProfile,
        NoHostAvailable,
        Session,
    )

PROTOCOL = 4            # what every version from 3.0 to 5.0 speaks
# Virtual tables that tell something a gate needs. Which there are differs by version, so each
# member is asked which it has (system_virtual_schema, from 4.0 on).
VIEWS = {
    "settings": "name, value",
    "internode_outbound": "address, active_connections",
    "gossip_info": "address, status_with_port",
    "streaming": "operation, status",
    "sstable_tasks": "keyspace_name, kind",
    "repairs": "keyspace_name, completed",
    "disk_usage": "mebibytes",
}


class Servers(AskedAtOnce):
    """Connections to members, by the access file: port, username, password_file,
    allow_cleartext_password, tls, ca_file, check_name, cert_file, key_file."""

    default_port = 9042
    limit_bytes = 4 * 2 ** 20       # each of its peers has up to 256 tokens of 20 digits
    # ErrorMessage: what a server answers that is still starting, for one.
    library = (DriverException, ErrorMessage, ConnectionException, NoHostAvailable)

    def answer(self, member: Member) -> dict[str, Any]:
        """``{local, peers, keyspaces, views}``: rows of its system tables."""
        with self.connect(member) as session:
            local = session.execute("SELECT * FROM system.local WHERE key='local'").one()
            return {"local": local, "peers": _peers(session), "keyspaces": _keyspaces(session),
                    "views": _views(session)}

    @contextmanager
    def session(self, address: str, watch: Watch, timeout_sec: float) -> Iterator[Session]:
        """A session with one member and no other."""
        cluster = self._cluster(address, timeout_sec)
        cluster.connection_class = _watched(cluster.connection_class, watch)
        try:
            yield cluster.connect()
        finally:
            cluster.shutdown()

    def failure(self, member: Member, error: Exception) -> DatastoreError:
        cause = _cause(error) if isinstance(error, NoHostAvailable) else error
        return access.failure(member, cause, cause,
                              isinstance(cause, AuthenticationFailed | Unauthorized))

    def _cluster(self, address: str, timeout_sec: float) -> Cluster:
        tls = access.tls(self._access)
        profile = ExecutionProfile(
            load_balancing_policy=WhiteListRoundRobinPolicy([address]),
            retry_policy=FallthroughRetryPolicy(), request_timeout=timeout_sec,
            row_factory=dict_factory)
        return Cluster(
            [address], port=self._port(),
            execution_profiles={EXEC_PROFILE_DEFAULT: profile}, protocol_version=PROTOCOL,
            auth_provider=self._login(), ssl_context=tls,
            ssl_options={"server_hostname": address} if tls else None,
            connect_timeout=timeout_sec, control_connection_timeout=timeout_sec,
            # What is compressed says itself how much it is; the watch sees what was received.
            compression=False, max_schema_agreement_wait=0, schema_metadata_enabled=False,
            token_metadata_enabled=False, executor_threads=1, idle_heartbeat_interval=0,
            monitor_reporting_enabled=False)

    def _login(self) -> PlainTextAuthProvider | None:
        secret = access.password(self._access)
        if secret is None:
            return None
        # PasswordAuthenticator is told it as it is: there is no other login.
        if not access.may_reveal(self._access, otherwise=True):
            raise access.Revealing()
        return PlainTextAuthProvider(self._access.get("username", "cassandra"), secret)


class Result(ResultMessage):
    """The stock one, but for types of columns that are nested without an end.

    The stock one is compiled and would overflow its stack, which ends the process. Going through
    Python it is stopped by Python's own limit.
    """

    @classmethod
    def read_type(cls, body: Any, user_types: Any) -> Any:
        return super().read_type(body, user_types)


class Handler(ProtocolHandler):
    """The stock one, with :class:`Result`."""

    message_types_by_opcode = ProtocolHandler.message_types_by_opcode | {Result.opcode: Result}


def _watched(stock: type, watch: Watch) -> type:
    class Watched(stock):       # type: ignore[misc, valid-type]
        def send_msg(self, *message: Any, **options: Any) -> int:
            return super().send_msg(*message, **options | {"decoder": Handler.decode_message})

        def _initiate_connection(self, address: Any) -> None:
            watch.add(self._socket.fileno())
            super()._initiate_connection(address)

    return Watched


def _peers(session: Session) -> list[dict[str, Any]]:
    """The others as this member has recorded them, up or down."""
    try:
        return list(session.execute("SELECT * FROM system.peers_v2"))
    except InvalidRequest:          # before 4.0
        return list(session.execute("SELECT * FROM system.peers"))


def _keyspaces(session: Session) -> dict[str, dict[str, str]]:
    rows = session.execute("SELECT keyspace_name, replication FROM system_schema.keyspaces")
    return {row["keyspace_name"]: dict(row["replication"]) for row in rows}


def _views(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Rows of the virtual tables that this member has, of those that are wanted."""
    try:
        listed = session.execute("SELECT table_name FROM system_virtual_schema.tables "
                                 "WHERE keyspace_name = 'system_views'")
    except InvalidRequest:          # before 4.0
        return {}
    there = {row["table_name"] for row in listed}
    return {name: list(session.execute(f"SELECT {columns} FROM system_views.{name}"))  # noqa: S608
            for name, columns in VIEWS.items() if name in there}


def _cause(error: NoHostAvailable) -> Exception:
    """What kept the member from answering, as far as the client tells.

    The client names hosts in place of errors when a connection was lost between two steps.
    """
    found = list(error.errors.values()) if isinstance(error.errors, dict) else []
    return found[0] if found else error
