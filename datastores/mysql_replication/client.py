"""What a MySQL or MariaDB member is asked."""
from typing import Any

from ..base import Member
from ..foreign import check_types
from ..mysql import MySQLServers
from .dialect import Dialect

ANSWER = {"version": str, "server": str, "identity": str, "own": str, "read_only": bool,
          "executed": str, "gtid": bool, "binlog": bool, "fast_shutdown": int,
          "following": dict | None, "sources": int, "xa": int}
FOLLOWING = {"server": str, "io": str, "sql": str, "errors": list, "lag": int | None, "gtid": bool}


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
        found = {**self._dialect.answer(row, followed[0] if followed else None),
                 "sources": len(followed), "xa": len(prepared)}
        self.check(found)
        return found

    def check(self, answer: dict[str, Any]) -> None:
        """Make sure that an answer can be compared with others: with itself, for one.

        :raises Exception: it can't.
        """
        check_types(answer, ANSWER)
        if answer["following"] is not None:
            check_types(answer["following"], FOLLOWING)
        self._dialect.missing(answer, answer)
        self._dialect.strange(answer, answer)
