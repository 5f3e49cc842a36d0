"""The load's client: the stock cassandra-driver with prepared, idempotent statements at QUORUM.

The driver's manual: statements that may be repeated are marked idempotent, so that one whose
connection broke is sent to the next host; a retry policy does the same for a replica that did not
answer in time.
"""
import logging
import warnings

from cassandra import ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider
from cassandra.policies import (
    ConstantReconnectionPolicy,
    DCAwareRoundRobinPolicy,
    RetryPolicy,
    TokenAwarePolicy,
)

from ..base import Client, Clients

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
    from cassandra.concurrent import execute_concurrent_with_args

# It tells of every try to reach a member that is away; what fails stands in the load's report.
logging.getLogger("cassandra").setLevel(logging.CRITICAL)
RECONNECT_SEC = 0.5
RETRIES = 5


class NextHost(RetryPolicy):
    """Repeat on the next host, whatever was missing: all statements here are idempotent."""

    def _next(self, retry_num):
        return (self.RETRY_NEXT_HOST if retry_num < RETRIES else self.RETHROW), None

    def on_read_timeout(self, query, consistency, required_responses, received_responses,
                        data_retrieved, retry_num):
        return self._next(retry_num)

    def on_write_timeout(self, query, consistency, write_type, required_responses,
                         received_responses, retry_num):
        return self._next(retry_num)

    def on_unavailable(self, query, consistency, required_replicas, alive_replicas, retry_num):
        return self._next(retry_num)

    def on_request_error(self, query, consistency, error, retry_num):
        return self._next(retry_num)


class CassandraClients(Clients):
    """One part only: with three copies no part can be out of service by itself."""

    def __init__(self, nodes: list[tuple[str, int]], password: str):
        self._nodes, self._password = nodes, password

    def connect(self) -> "CassandraClient":
        return CassandraClient(self._nodes, self._password)


class CassandraClient(Client):
    """What fails here fails in an application, too."""

    def __init__(self, nodes: list[tuple[str, int]], password: str):
        profile = ExecutionProfile(
            load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy("dc1")),
            retry_policy=NextHost(), consistency_level=ConsistencyLevel.QUORUM,
            request_timeout=5)
        self._cluster = Cluster(
            [address for address, _ in nodes], port=nodes[0][1], protocol_version=4,
            execution_profiles={EXEC_PROFILE_DEFAULT: profile},
            auth_provider=PlainTextAuthProvider("cassandra", password) if password else None,
            reconnection_policy=ConstantReconnectionPolicy(RECONNECT_SEC, None),
            connect_timeout=2, schema_metadata_enabled=False)
        try:
            self._session = self._cluster.connect()
            self._write = self._prepare("INSERT INTO shop.pairs (key, value) VALUES (?, ?)")
            self._read = self._prepare("SELECT value FROM shop.pairs WHERE key = ?")
        except BaseException:
            self._cluster.shutdown()
            raise

    def write(self, key: str, value: str) -> None:
        self._session.execute(self._write, (key, value))

    def read(self, key: str) -> str | None:
        row = self._session.execute(self._read, (key,)).one()
        return row.value if row else None

    def write_many(self, pairs: dict[str, str]) -> None:
        execute_concurrent_with_args(self._session, self._write, list(pairs.items()))

    def read_many(self, keys: list[str]) -> list[str | None]:
        found = execute_concurrent_with_args(self._session, self._read, [(key,) for key in keys])
        rows = [result.one() for _, result in found]
        return [row.value if row else None for row in rows]

    def close(self) -> None:
        self._cluster.shutdown()

    def _prepare(self, text: str):
        statement = self._session.prepare(text)
        statement.is_idempotent = True
        return statement
