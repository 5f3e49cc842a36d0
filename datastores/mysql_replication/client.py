"""What a MySQL or MariaDB member is asked."""
from typing import Any

from ..base import Member
from ..mysql import MySQLServers
from .dialect import Dialect


class Servers(MySQLServers):
    """See :class:`MySQLServers`; the statements are those of a dialect."""

    username = "root"

    def __init__(self, access: dict[str, Any], dialect: Dialect):
        super().__init__(access)
        self._dialect = dialect

    def answer(self, member: Member) -> dict[str, Any]:
        """See :meth:`Dialect.answer`; with the numbers of ``sources`` that it follows and of
        prepared transactions (``xa``)."""
        with self.connect(member) as cursor:
            cursor.execute(self._dialect.facts)
            row = cursor.fetchone() or {}
            cursor.execute(self._dialect.status(row["version"]))
            followed = cursor.fetchall()
            cursor.execute("XA RECOVER")
            prepared = cursor.fetchall()
        return {**self._dialect.answer(row, followed[0] if followed else None),
                "sources": len(followed), "xa": len(prepared)}
