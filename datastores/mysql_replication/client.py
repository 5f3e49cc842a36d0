"""How a MySQL or MariaDB member is asked: the only module here that opens a connection."""
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
from pymysql.cursors import DictCursor

from .. import access
from ..base import DatastoreError, Member
from ..servers import AskedAtOnce
from .dialect import Dialect

TIMEOUT_SEC = 2
NO_ACCESS = {
    1044, 1045, 1142, 1227,     # ER_..._ACCESS_DENIED: of a database, a login, a table, a right
    1401,                       # ER_XAER_RMERR, MySQL's answer without XA_RECOVER_ADMIN
    1820, 1862,                 # ER_MUST_CHANGE_PASSWORD, at once or at the login
    1698, 4151,                 # MariaDB: ER_ACCESS_DENIED_NO_PASSWORD, ER_ACCOUNT_HAS_BEEN_LOCKED
    3118, 3955,                 # MySQL: ER_ACCOUNT_HAS_BEEN_LOCKED, and blocked after wrong ones
    3159,                       # ER_SECURE_TRANSPORT_REQUIRED
}


class Servers(AskedAtOnce):
    """Connections to members, by the access file: port, username, password_file, tls, ca_file,
    check_name, cert_file, key_file."""

    def __init__(self, access: dict[str, Any], dialect: Dialect):
        self._access, self._dialect = access, dialect

    @contextmanager
    def connect(self, member: Member) -> Iterator[DictCursor]:
        """A cursor at one member; every failure becomes a DatastoreError without secrets."""
        try:
            with pymysql.connect(host=member.address, **self._arguments()) as connection, \
                    connection.cursor() as cursor:
                yield cursor
        except pymysql.Error as error:
            raise _failure(member, error) from error

    def ask(self, member: Member) -> dict[str, Any]:
        """See :meth:`Dialect.answer`; ``{error, code}`` when it is unreachable."""
        try:
            with self.connect(member) as cursor:
                cursor.execute(self._dialect.facts)
                row = cursor.fetchone() or {}
                cursor.execute(self._dialect.status(row["version"]))
                followed = cursor.fetchall()
                cursor.execute("XA RECOVER")
                prepared = cursor.fetchall()
        except DatastoreError as error:
            return {"error": error.message, "code": error.code}
        return {**self._dialect.answer(row, followed[0] if followed else None),
                "sources": len(followed), "xa": len(prepared)}

    def _arguments(self) -> dict[str, Any]:
        chosen, tls = self._access, access.tls(self._access)
        return {
            "port": int(chosen.get("port", 3306)), "user": chosen.get("username", "root"),
            "password": access.password(chosen) or "",
            "connect_timeout": TIMEOUT_SEC, "read_timeout": TIMEOUT_SEC,
            "write_timeout": TIMEOUT_SEC, "autocommit": True, "cursorclass": DictCursor,
            "program_name": "trove-upgrade",
            **({"ssl": tls} if tls else {"ssl_disabled": True})}


def _failure(member: Member, error: pymysql.Error) -> DatastoreError:
    words = error.args[-1] if error.args else type(error).__name__
    if error.args and error.args[0] in NO_ACCESS:
        return DatastoreError("access_refused", f"{member.name} refuses the credentials: {words}",
                              instance=member.id)
    return access.distrust(member, error) or DatastoreError(
        "no_answer", f"{member.name}: {words}", passing=True, instance=member.id)
