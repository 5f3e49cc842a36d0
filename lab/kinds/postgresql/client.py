"""The load's client: psycopg on a list of all members, of which it takes the one to write to."""
import time

import psycopg

from ..base import Client, Clients
from ..replication import APPLICATION

RETRY_SEC, PAUSE_SEC = 30.0, 0.1
# An item that a try whose answer was lost has appended is not appended again.
APPEND = ("insert into kv values (%s, %s) on conflict (k) do update set v = case "
          "when excluded.v = any(string_to_array(kv.v, ',')) then kv.v "
          "else kv.v || ',' || excluded.v end")
WRITE = "insert into kv values (%s, %s) on conflict (k) do update set v = excluded.v"
READ = "select v from kv where k = %s"


class PostgreSQLClients(Clients):
    """Connection strings with all members and target_session_attrs=read-write (libpq's manual,
    "Specifying Multiple Hosts")."""

    def __init__(self, nodes: list[tuple[str, int]], password: str):
        self._arguments = {
            "host": ",".join(address for address, _ in nodes),
            "port": ",".join(str(port) for _, port in nodes), "user": APPLICATION,
            "dbname": "postgres", "target_session_attrs": "read-write", "connect_timeout": "2",
            "password": password or None, "autocommit": True}

    def connect(self) -> "PostgreSQLClient":
        return PostgreSQLClient(self._arguments)


class PostgreSQLClient(Client):
    """A statement that fails is tried again on a new connection, which finds the new source."""

    def __init__(self, arguments: dict):
        self._arguments = arguments
        self._connection: psycopg.Connection | None = None

    def write(self, key: str, value: str) -> None:
        self._run(lambda connection: connection.execute(WRITE, (key, value)))

    def read(self, key: str) -> str | None:
        row = self._run(lambda connection: connection.execute(READ, (key,)).fetchone())
        return row[0] if row else None

    def append(self, name: str, place: int, item: str) -> None:
        self._run(lambda connection: connection.execute(APPEND, (name, item)))

    def items(self, name: str) -> list[str]:
        found = self.read(name)
        return found.split(",") if found else []

    def write_many(self, pairs: dict[str, str]) -> None:
        def write(connection):
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(WRITE, list(pairs.items()))
        self._run(write)

    def read_many(self, keys: list[str]) -> list[str | None]:
        rows = dict(self._run(lambda connection: connection.execute(
            "select k, v from kv where k = any(%s)", (keys,)).fetchall()))
        return [rows.get(key) for key in keys]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, work):
        deadline = time.monotonic() + RETRY_SEC
        while True:
            try:
                if self._connection is None:
                    self._connection = psycopg.connect(**self._arguments)
                return work(self._connection)
            except psycopg.Error:
                self.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_SEC)
