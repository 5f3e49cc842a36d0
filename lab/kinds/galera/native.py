"""What the members' own servers say, asked over their own protocol."""
import re

import pymysql

from ..base import Member

USER, SCHEMA = "lab", "lab"


def connect(address: str, settings, database: str | None = None,
            timeout: float = 2) -> pymysql.Connection:
    """A connection to one member that gives up soon and does not retry."""
    return pymysql.connect(host=address, port=settings.port, user=USER, password=settings.password,
                           database=database, autocommit=True, connect_timeout=1,
                           read_timeout=timeout, write_timeout=timeout)


def status(address: str, settings) -> dict[str, str]:
    """The member's wsrep status, and its `version`; pymysql.MySQLError when it is silent."""
    with connect(address, settings) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'wsrep_%'")
        found = dict(cursor.fetchall())
        cursor.execute("SHOW GLOBAL VARIABLES LIKE 'version'")
        return found | dict(cursor.fetchall())


def members(rows: list[dict], settings) -> list[Member]:
    """One Member per row {id, name, address}; a silent server leaves its facts empty."""
    return [Member(**row, port=settings.port, **_facts(row["address"], settings, len(rows)))
            for row in rows]


def is_synced(found: dict[str, str]) -> bool:
    return found["wsrep_local_state_comment"] == "Synced" and found["wsrep_ready"] == "ON"


def sees(found: dict[str, str], size: int) -> bool:
    """It is in a primary component of so many members."""
    return found["wsrep_cluster_status"] == "Primary" and int(found["wsrep_cluster_size"]) == size


def _facts(address: str, settings, size: int) -> dict:
    try:
        found = status(address, settings)
    except pymysql.MySQLError:
        return {}
    return {"role": "member", "version": re.split(r"[^\d.]", found["version"])[0],
            "in_sync": is_synced(found), "cluster_ok": sees(found, size)}
