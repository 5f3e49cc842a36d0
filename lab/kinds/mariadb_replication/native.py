"""What the members' own servers say, asked over their own protocol."""
from typing import Any

import pymysql
from pymysql.cursors import DictCursor

from ..base import Member
from ..replication import REPLICATOR

SCHEMA = "lab"
LAG_SEC = 2


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


def follows(status: list[dict]) -> bool:
    """Whether a replica with this SHOW SLAVE STATUS is in step with its source."""
    return bool(status) and (
        status[0]["Slave_IO_Running"] == status[0]["Slave_SQL_Running"] == "Yes"
        and status[0]["Seconds_Behind_Master"] is not None
        and status[0]["Seconds_Behind_Master"] <= LAG_SEC)


def members(rows: list[dict], settings) -> list[Member]:
    """One Member per row {id, name, address}; a silent server leaves its facts empty."""
    facts = {row["address"]: _facts(row["address"], settings) for row in rows}
    sources = [address for address, found in facts.items() if found.get("role") == "primary"]
    return [Member(**row, port=settings.port, **facts[row["address"]],
                   cluster_ok=len(sources) == 1 and bool(facts[row["address"]])) for row in rows]


def _facts(address: str, settings) -> dict:
    try:
        row = ask(address, settings, "select version() as v, @@global.read_only as r")[0]
        status = ask(address, settings, "show slave status")
    except (pymysql.Error, OSError):
        return {}
    return {"role": "replica" if status else "primary", "version": row["v"].split("-")[0],
            "in_sync": follows(status) if status else not row["r"]}
