"""The load's client: PyMySQL on the member that takes writes, which it looks for among all."""
import time

import pymysql

from ..base import Client, Clients
from ..replication import APPLICATION
from .native import SCHEMA

RETRY_SEC, PAUSE_SEC = 30.0, 0.1
# An item that a try whose answer was lost has appended is not appended again.
APPEND = ("insert into kv values (%s, %s) on duplicate key update "
          "v = if(find_in_set(values(v), v), v, concat(v, ',', values(v)))")
WRITE = "insert into kv values (%s, %s) on duplicate key update v = values(v)"


class SQLClients(Clients):
    """Of all members the first that takes writes, as MariaDB Connector/J looks for a primary."""

    def __init__(self, nodes: list[tuple[str, int]], password: str):
        self.nodes, self.password = nodes, password

    def connect(self) -> "SQLClient":
        return SQLClient(self.nodes, self.password)


class SQLClient(Client):
    """A statement that fails is tried again on a new connection to whoever takes writes then."""

    def __init__(self, nodes: list[tuple[str, int]], password: str):
        self._nodes, self._password = nodes, password
        self._connection: pymysql.connections.Connection | None = None

    def write(self, key: str, value: str) -> None:
        self._run(lambda cursor: cursor.execute(WRITE, (key, value)))

    def read(self, key: str) -> str | None:
        return self.read_many([key])[0]

    def append(self, name: str, place: int, item: str) -> None:
        self._run(lambda cursor: cursor.execute(APPEND, (name, item)))

    def items(self, name: str) -> list[str]:
        found = self.read(name)
        return found.split(",") if found else []

    def write_many(self, pairs: dict[str, str]) -> None:
        self._run(lambda cursor: cursor.executemany(WRITE, list(pairs.items())))

    def read_many(self, keys: list[str]) -> list[str | None]:
        def read(cursor):
            cursor.execute("select k, v from kv where k in %s", (keys,))
            return dict(cursor.fetchall())
        rows = self._run(read)
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
                    self._connection = self._find()
                with self._connection.cursor() as cursor:
                    return work(cursor)
            except (pymysql.Error, OSError):
                self._drop()
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_SEC)

    def _find(self) -> pymysql.connections.Connection:
        """:raises pymysql.Error: nobody takes writes now."""
        for address, port in self._nodes:
            try:
                found = pymysql.connect(host=address, port=port, user=APPLICATION, database=SCHEMA,
                                        password=self._password, autocommit=True,
                                        connect_timeout=2, read_timeout=5, write_timeout=5)
            except (pymysql.Error, OSError):
                continue
            with found.cursor() as cursor:
                cursor.execute("select @@global.read_only")
                if not cursor.fetchone()[0]:
                    return found
            found.close()
        raise pymysql.OperationalError(0, "no member takes writes")

    def _drop(self) -> None:
        try:
            self.close()
        except pymysql.Error:
            self._connection = None         # it was closed by the other side
