"""The load's client of a Galera cluster: PyMySQL with a list of hosts, as its connectors have it.

PyMySQL knows one host only. What MariaDB's connectors do with a list (mode `sequential`) is here:
the first host that lets us in is used until it fails; then the statement is tried on the next one.
A deadlock is what Galera calls a conflict with another member's write: try again.
"""
import contextlib
import time

import pymysql
from pymysql.constants import ER

from ..base import Client, Clients
from . import native

ROUNDS = 8                # tries of a statement
PAUSE_SEC = 0.1           # between them
STATEMENT_SEC = 5
# An item that a try whose answer was lost has appended is not appended again.
APPEND = ("INSERT INTO kv (k, v) VALUES (%s, %s) ON DUPLICATE KEY UPDATE "
          "v = IF(FIND_IN_SET(VALUES(v), v), v, CONCAT(v, ',', VALUES(v)))")


class GaleraClients(Clients):
    """All data are on every member: one part."""

    def __init__(self, nodes: list[tuple[str, int]], settings):
        self.hosts, self.settings = [address for address, _ in nodes], settings

    def connect(self) -> "GaleraClient":
        return GaleraClient(self.hosts, self.settings)


class GaleraClient(Client):
    """What fails here fails in an application, too."""

    def __init__(self, hosts: list[str], settings):
        self._hosts, self._settings = hosts, settings
        self._at = 0
        self._connection: pymysql.Connection | None = None

    def write(self, key: str, value: str) -> None:
        self._run("INSERT INTO kv (k, v) VALUES (%s, %s)", (key, value), again_is_fine=True)

    def read(self, key: str) -> str | None:
        rows = self._run("SELECT v FROM kv WHERE k = %s", (key,))
        return rows[0][0] if rows else None

    def append(self, name: str, place: int, item: str) -> None:
        self._run(APPEND, (name, item))

    def items(self, name: str) -> list[str]:
        found = self.read(name)
        return found.split(",") if found else []

    def write_many(self, pairs: dict[str, str]) -> None:
        marks = ", ".join(["(%s, %s)"] * len(pairs))
        self._run(f"REPLACE INTO kv (k, v) VALUES {marks}",  # noqa: S608  marks only
                  tuple(part for pair in pairs.items() for part in pair))

    def read_many(self, keys: list[str]) -> list[str | None]:
        marks = ", ".join(["%s"] * len(keys))
        rows = dict(self._run(f"SELECT k, v FROM kv WHERE k IN ({marks})",  # noqa: S608
                              tuple(keys)))
        return [rows.get(key) for key in keys]

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(pymysql.MySQLError):
                self._connection.close()
            self._connection = None

    def _run(self, statement: str, values: tuple, again_is_fine: bool = False) -> tuple:
        """Its rows. After a lost answer a key that is there already is our own."""
        for left in reversed(range(ROUNDS)):
            try:
                return self._once(statement, values)
            except pymysql.IntegrityError as error:
                if again_is_fine and left < ROUNDS - 1 and error.args[0] == ER.DUP_ENTRY:
                    return ()
                raise
            except pymysql.MySQLError as error:
                if not left:
                    raise
                if error.args[0] != ER.LOCK_DEADLOCK:
                    self._leave()
                time.sleep(PAUSE_SEC)
        raise AssertionError("unreachable")

    def _once(self, statement: str, values: tuple) -> tuple:
        if self._connection is None:
            self._connection = native.connect(self._hosts[self._at], self._settings, native.SCHEMA,
                                              timeout=STATEMENT_SEC)
            with self._connection.cursor() as cursor:
                # Our own writes are seen on the next member, too (manual, wsrep_sync_wait).
                cursor.execute("SET SESSION wsrep_sync_wait = 1")
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return tuple(cursor.fetchall())

    def _leave(self) -> None:
        self.close()
        self._at = (self._at + 1) % len(self._hosts)
