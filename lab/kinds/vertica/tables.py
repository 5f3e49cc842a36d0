"""The system tables of a node, asked in SQL.

Stands for V_CATALOG and V_MONITOR with the columns of the manual (11.0) that operators and this
pack ask for. SQLite answers, so any query on them works as far as both dialects agree; all other
tables and columns are missing, as they would be with a typing error.
"""
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

USER, DATABASE = "dbadmin", "lab"
TABLES = {
    "v_catalog.nodes": "node_name, node_id, node_state, node_address, node_type",
    "v_catalog.projections": "projection_schema, projection_name, is_up_to_date",
    "v_monitor.disk_storage": "node_name, storage_path, storage_usage, disk_space_used_mb, "
                              "disk_space_free_mb",
    "v_monitor.system": "designed_fault_tolerance, current_fault_tolerance, node_count, "
                        "node_down_count",
    "v_monitor.node_states": "event_timestamp, node_name, node_state",
    "v_monitor.sessions": "node_name, user_name, session_id, client_label, transaction_start",
    "v_monitor.system_sessions": "node_name, user_name, session_id, session_type, is_active",
    "v_monitor.resource_pool_status": "node_name, pool_name, memory_size_kb",
    "v_monitor.host_resources": "host_name, total_memory_bytes",
    "v_monitor.database_backups": "backup_timestamp, node_name, snapshot_name, objects",
}
MISSING_TABLE, SYNTAX = "42V01", "42601"


class QueryError(Exception):
    """(SQLSTATE, message)."""


def select(query: str, functions: dict[str, Any], rows: dict[str, list[tuple]]
           ) -> tuple[list[str], list[tuple]]:
    """(names of the columns, rows).

    functions: name -> value of a function without arguments.
    """
    with closing(sqlite3.connect(":memory:")) as database:
        for schema in ("v_catalog", "v_monitor"):
            database.execute(f"ATTACH ':memory:' AS {schema}")
        for table, columns in TABLES.items():
            database.execute(f"CREATE TABLE {table} ({columns})")
            marks = ", ".join("?" * len(columns.split(",")))
            database.executemany(f"INSERT INTO {table} VALUES ({marks})",  # noqa: S608  names are ours
                                 rows.get(table, ()))
        for name, value in functions.items():
            database.create_function(name, 0, lambda value=value: value)
        try:
            found = database.execute(query)
            return [column[0] for column in found.description or ()], found.fetchall()
        except sqlite3.OperationalError as error:
            state = MISSING_TABLE if "no such table" in str(error) else SYNTAX
            raise QueryError(state, str(error)) from error


def moment(seconds_ago: float = 0) -> str:
    """A timestamp as the server writes it."""
    return (datetime.now() - timedelta(seconds=seconds_ago)).isoformat(" ")
