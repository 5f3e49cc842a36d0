"""What a MySQL or MariaDB member is asked."""
from collections.abc import Sequence
from typing import Any

from ..base import Member
from ..foreign import check_types
from ..mysql import MySQLServers, ask_plugins
from . import leading
from .dialect import Dialect

RIGHTS = """
select privilege_type as held from information_schema.user_privileges
where grantee = concat("'", replace(current_user(), '@', "'@'"), "'")
"""
LOCK_SEC = 1    # to become read-only, a server waits for statements that write
ANSWER = {"version": str, "server": str, "identity": str, "state": str, "read_only": bool,
          "executed": str, "gtid": bool, "binlog": bool, "fast_shutdown": int,
          "following": dict | None, "sources": int, "xa": int, "filters": list, "unlogged": list,
          "delay": int, "logs_updates": bool, "semi_sync": dict, "may_fence": bool,
          "relaxed": list, "limits": list, "number": str, "plugins": dict,
          "closed": list, "only_tls": bool, "clients": int, "max_clients": int}
SEMI_SYNC = {"leads": bool, "waits_alone": bool, "wait_for": int, "timeout_ms": int,
             "replicas": int, "acknowledges": bool, "acknowledging": bool}
FOLLOWING = {"server": str, "io": str, "sql": str, "errors": list, "lag": int | None, "gtid": bool}


class Servers(MySQLServers):
    """See :class:`MySQLServers`; the statements are those of a dialect."""

    username = "root"

    def __init__(self, access: dict[str, Any], dialect: Dialect):
        super().__init__(access)
        self._dialect = dialect

    def answer(self, member: Member) -> dict[str, Any]:
        """See :meth:`Dialect.answer` and :func:`leading.answer`; with the numbers of ``sources``
        that it follows and of prepared transactions (``xa``), whether we ``may_fence``, and its
        ``plugins``."""
        with self.connect(member) as cursor:
            cursor.execute(self._dialect.facts)
            row = cursor.fetchone() or {}
            cursor.execute(self._dialect.status(row["version"]))
            followed = cursor.fetchall()
            cursor.execute("XA RECOVER")
            prepared = cursor.fetchall()
            cursor.execute(self._dialect.binlog_status(row["version"]))
            binlog = cursor.fetchone() or {}
            cursor.execute(RIGHTS)
            rights = {one["held"] for one in cursor.fetchall()}
            names = ", ".join(["%s"] * len(leading.SETTINGS))
            settings = _named(cursor, f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names}) OR "
                              "Variable_name LIKE %s", *leading.SETTINGS, leading.SEMI_SYNC)
            status = _named(cursor, "SHOW GLOBAL STATUS WHERE Variable_name LIKE %s OR "
                            "Variable_name = 'Threads_connected'", leading.SEMI_SYNC)
            plugins = ask_plugins(cursor)
        found = {**self._dialect.answer(row, followed[0] if followed else None),
                 **leading.answer(settings, status, list(followed), binlog),
                 "sources": len(followed), "xa": len(prepared), "plugins": plugins,
                 "may_fence": bool(rights & self._dialect.fence_rights)}
        self.check(found)
        return found

    def check(self, answer: dict[str, Any]) -> None:
        """Make sure that an answer can be compared with others: with itself, for one.

        :raises Exception: it can't.
        """
        check_types(answer, ANSWER)
        check_types(answer["semi_sync"], SEMI_SYNC)
        if answer["following"] is not None:
            check_types(answer["following"], FOLLOWING)
        self._dialect.missing(answer, answer)
        self._dialect.strange(answer, answer, [])

    def set_read_only(self, member: Member, on: bool) -> None:
        """Let nobody write any more but accounts with special rights, or let all write again.

        :raises DatastoreError: it could not, or not soon enough.
        """
        with self.connect(member) as cursor:
            cursor.execute(f"set session lock_wait_timeout = {LOCK_SEC}")
            cursor.execute(f"set global read_only = {int(on)}")


def _named(cursor: Any, statement: str, *values: str) -> dict[str, Any]:
    """What a SHOW statement gives, by name."""
    cursor.execute(statement, values)
    rows: Sequence[dict[str, Any]] = cursor.fetchall()
    return {row["Variable_name"]: row["Value"] for row in rows}
