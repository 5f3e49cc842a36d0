"""What the nodes say, asked by the stock client."""
import warnings
from typing import Any

import vertica_python

from ..base import Member
from .tables import DATABASE, USER

UP = "UP"
STATES = "SELECT node_address, node_state FROM v_catalog.nodes"


class Connection(vertica_python.Connection):
    """The stock one, which leaves its socket open when the server refuses the session."""

    def startup_connection(self) -> None:
        try:
            super().startup_connection()
        except BaseException:
            self.close_socket()
            raise


def connect(address: str, settings, timeout: float = 2) -> Any:
    """A connection to one node that gives up soon."""
    options = {"password": settings.password} if settings.password else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Connection({
            "host": address, "port": settings.port, "user": USER, "database": DATABASE,
            "autocommit": True, "connection_timeout": timeout, "tlsmode": "disable", **options})


def ask(address: str, settings, query: str) -> list[list[Any]]:
    """The rows that one node answers; vertica_python.errors.Error when it does not."""
    with connect(address, settings) as connection:
        return connection.cursor().execute(query).fetchall()


def version_of(banner: str) -> str:
    """Without the hotfix, as the lab's versions are called."""
    return banner.rsplit("v", 1)[-1].split("-")[0]


def members(rows: list[dict], settings) -> list[Member]:
    """One Member per row {id, name, address}; a silent node leaves its facts empty."""
    return [Member(**row, port=settings.port, **_facts(row["address"], settings)) for row in rows]


def _facts(address: str, settings) -> dict[str, Any]:
    try:
        (banner,), *_ = ask(address, settings, "SELECT version()")
        states = dict(ask(address, settings, STATES))
    except (vertica_python.errors.Error, OSError):
        return {}
    return {"role": "member", "version": version_of(banner), "in_sync": states[address] == UP,
            "cluster_ok": set(states.values()) == {UP}}
