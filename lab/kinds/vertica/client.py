"""The load's client of a Vertica database: the stock client, with its own failover.

Its manual has a list of backup nodes for a connection and no retry of a statement; a connection
that broke is made anew for the next operation.
"""
from typing import Any

import vertica_python

from ..base import Client, Clients
from .native import Connection
from .tables import DATABASE, USER

INSERT = "INSERT INTO public.ledger (key, value) "
READ = "SELECT key, value FROM public.ledger WHERE key IN "


class VerticaClients(Clients):
    """All data are reached through every node."""

    def __init__(self, nodes: list[tuple[str, int]], password: str):
        self.nodes, self.password, self._next = nodes, password, 0

    def connect(self) -> "VerticaClient":
        first = self._next % len(self.nodes)
        self._next += 1
        return VerticaClient(self.nodes[first:] + self.nodes[:first], self.password)


class VerticaClient(Client):
    """What fails here fails in an application, too."""

    def __init__(self, nodes: list[tuple[str, int]], password: str):
        (host, port), *backups = nodes
        self._options: dict[str, Any] = {
            "host": host, "port": port, "backup_server_node": backups, "user": USER,
            "database": DATABASE, "autocommit": True, "connection_timeout": 2,
            "tlsmode": "disable"} | ({"password": password} if password else {})
        self._connection: Any = None

    def write(self, key: str, value: str) -> None:
        self._execute(INSERT + "VALUES (%s, %s)", (key, value))

    def read(self, key: str) -> str | None:
        return self.read_many([key])[0]

    def write_many(self, pairs: dict[str, str]) -> None:
        rows = " UNION ALL ".join(["SELECT %s, %s"] * len(pairs))
        self._execute(INSERT + rows,
                      tuple(part for pair in pairs.items() for part in pair))

    def read_many(self, keys: list[str]) -> list[str | None]:
        wanted = ", ".join(["%s"] * len(keys))
        found = dict(self._execute(f"{READ}({wanted})", tuple(keys)))
        return [found.get(key) for key in keys]

    def close(self) -> None:
        if self._connection is not None and not self._connection.closed():
            self._connection.close()

    def _execute(self, statement: str, parameters: tuple) -> list[list[Any]]:
        if self._connection is None or self._connection.closed():
            self._connection = Connection(self._options)
        try:
            return self._connection.cursor().execute(statement, parameters).fetchall()
        except vertica_python.errors.Error:
            self._connection.close_socket()
            raise
