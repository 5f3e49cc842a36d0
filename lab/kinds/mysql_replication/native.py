"""What the members' own servers say, asked over the protocol that MySQL and MariaDB share."""
from collections.abc import Mapping
from typing import Any

import pymysql
from pymysql.cursors import DictCursor

from ..base import Member
from ..replication import REPLICATOR

SCHEMA = "lab"
LAG_SEC = 2
# How each is asked for the state of a replica.
MYSQL, MARIADB = "show replica status", "show slave status"


def connect(address: str, settings, user: str = REPLICATOR) -> pymysql.connections.Connection:
    """A connection to one member that gives up soon; REPLICATOR may do everything."""
    return pymysql.connect(host=address, port=settings.port, user=user,
                           password=settings.password, autocommit=True, connect_timeout=2,
                           read_timeout=60, cursorclass=DictCursor)


def ask(address: str, settings, statement: str, *values: Any) -> list[dict]:
    """One statement on a connection of its own; pymysql.Error when there is no answer."""
    with connect(address, settings) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def following(address: str, settings, statement: str) -> dict[str, Any]:
    """How a member replicates, in the words of newer MySQL, in small letters; {} for a source."""
    rows = ask(address, settings, statement)
    return {name.lower().replace("slave", "replica").replace("master", "source"): value
            for name, value in (rows[0] if rows else {}).items()}


def in_step(status: Mapping[str, Any]) -> bool:
    """Whether a replica that is `following` so keeps up with its source."""
    return bool(status) and (
        status["replica_io_running"] == status["replica_sql_running"] == "Yes"
        and status["seconds_behind_source"] is not None
        and status["seconds_behind_source"] <= LAG_SEC)


def members(rows: list[dict], settings, statement: str) -> list[Member]:
    """One Member per row {id, name, address}; a silent server leaves its facts empty."""
    facts = {row["address"]: _facts(row["address"], settings, statement) for row in rows}
    sources = [address for address, found in facts.items() if found.get("role") == "primary"]
    return [Member(**row, port=settings.port, **facts[row["address"]],
                   cluster_ok=len(sources) == 1 and bool(facts[row["address"]])) for row in rows]


def _facts(address: str, settings, statement: str) -> dict:
    try:
        row = ask(address, settings, "select version() as v, @@global.read_only as r")[0]
        status = following(address, settings, statement)
    except (pymysql.Error, OSError):
        return {}
    return {"role": "replica" if status else "primary", "version": row["v"].split("-")[0],
            "in_sync": in_step(status) if status else not row["r"]}
