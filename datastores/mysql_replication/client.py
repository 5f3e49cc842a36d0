"""What a MySQL or MariaDB member is asked."""
from collections.abc import Sequence
from typing import Any

from ..base import Member
from ..mysql import MySQLServers
from . import leading
from .dialect import Dialect


class Servers(MySQLServers):
    """See :class:`MySQLServers`; the statements are those of a dialect."""

    username = "root"

    def __init__(self, access: dict[str, Any], dialect: Dialect):
        super().__init__(access)
        self._dialect = dialect

    def answer(self, member: Member) -> dict[str, Any]:
        """See :meth:`Dialect.answer` and :func:`leading.answer`; with the numbers of ``sources``
        that it follows and of prepared transactions (``xa``)."""
        with self.connect(member) as cursor:
            cursor.execute(self._dialect.facts)
            row = cursor.fetchone() or {}
            cursor.execute(self._dialect.status(row["version"]))
            followed = cursor.fetchall()
            cursor.execute("XA RECOVER")
            prepared = cursor.fetchall()
            cursor.execute(self._dialect.binlog_status(row["version"]))
            binlog = cursor.fetchone() or {}
            names = ", ".join(["%s"] * len(leading.SETTINGS))
            settings = _named(cursor, f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names}) OR "
                              "Variable_name LIKE %s", *leading.SETTINGS, leading.SEMI_SYNC)
            status = _named(cursor, "SHOW GLOBAL STATUS LIKE %s", leading.SEMI_SYNC)
        return {**self._dialect.answer(row, followed[0] if followed else None),
                **leading.answer(settings, status, list(followed), binlog),
                "sources": len(followed), "xa": len(prepared)}


def _named(cursor: Any, statement: str, *values: str) -> dict[str, Any]:
    """What a SHOW statement gives, by name."""
    cursor.execute(statement, values)
    rows: Sequence[dict[str, Any]] = cursor.fetchall()
    return {row["Variable_name"]: row["Value"] for row in rows}
