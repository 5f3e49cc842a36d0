"""How the servers of MySQL, MariaDB and Galera are connected to."""
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
from pymysql.cursors import Cursor, DictCursor

from . import access
from .base import Member
from .servers import AskedAtOnce

TIMEOUT_SEC = 2.0
NO_ACCESS = {
    1044, 1045, 1142, 1227,     # ER_..._ACCESS_DENIED: of a database, a login, a table, a right
    1401,                       # ER_XAER_RMERR, MySQL's answer without XA_RECOVER_ADMIN
    1820, 1862,                 # ER_MUST_CHANGE_PASSWORD, at once or at the login
    1698, 4151,                 # MariaDB: ER_ACCESS_DENIED_NO_PASSWORD, ER_ACCOUNT_HAS_BEEN_LOCKED
    3118, 3955,                 # MySQL: ER_ACCOUNT_HAS_BEEN_LOCKED, and blocked after wrong ones
    3159,                       # ER_SECURE_TRANSPORT_REQUIRED
}


class MySQLServers(AskedAtOnce):
    """Connections to members, by the access file: port, username, password_file, tls, ca_file,
    check_name, cert_file, key_file.

    :cvar username: who logs in when the access file names nobody; None for the executor's own user.
    :cvar rows: the kind of cursor, so of rows.
    """

    default_port = 3306
    username: str | None = None
    rows: type[Cursor] = DictCursor

    @contextmanager
    def connect(self, member: Member) -> Iterator[Any]:
        """A cursor at one member; every failure becomes a DatastoreError without secrets."""
        try:
            with pymysql.connect(host=member.address, **self._arguments()) as connection, \
                    connection.cursor() as cursor:
                yield cursor
        except pymysql.MySQLError as error:
            words = error.args[-1] if error.args else type(error).__name__
            refused = bool(error.args) and error.args[0] in NO_ACCESS
            raise access.failure(member, error, words, refused) from error

    def _arguments(self) -> dict[str, Any]:
        chosen, tls = self._access, access.tls(self._access)
        return {
            "port": self._port(), "user": chosen.get("username", self.username),
            "password": access.password(chosen) or "",
            "connect_timeout": TIMEOUT_SEC, "read_timeout": TIMEOUT_SEC,
            "write_timeout": TIMEOUT_SEC, "autocommit": True, "cursorclass": self.rows,
            "program_name": "trove-upgrade",
            **({"ssl": tls} if tls else {"ssl_disabled": True})}
