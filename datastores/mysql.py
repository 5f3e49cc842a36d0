"""How the servers of MySQL, MariaDB and Galera are connected to."""
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
from pymysql import _auth
from pymysql.connections import Connection, MysqlPacket
from pymysql.cursors import Cursor, DictCursor

from . import access, plugins
from .base import DatastoreError, Member
from .servers import AskedAtOnce
from .watch import Watch

NO_ACCESS = {
    1044, 1045, 1142, 1227,     # ER_..._ACCESS_DENIED: of a database, a login, a table, a right
    1401,                       # ER_XAER_RMERR, MySQL's answer without XA_RECOVER_ADMIN
    1820, 1862,                 # ER_MUST_CHANGE_PASSWORD, at once or at the login
    1698, 4151,                 # MariaDB: ER_ACCESS_DENIED_NO_PASSWORD, ER_ACCOUNT_HAS_BEEN_LOCKED
    3118, 3955,                 # MySQL: ER_ACCOUNT_HAS_BEEN_LOCKED, and blocked after wrong ones
    3159,                       # ER_SECURE_TRANSPORT_REQUIRED
}

ACTIVE_PLUGINS = ("SELECT PLUGIN_NAME, PLUGIN_TYPE, PLUGIN_LIBRARY FROM "
                  "INFORMATION_SCHEMA.PLUGINS WHERE PLUGIN_STATUS = 'ACTIVE'")
PLUGINS_OF_ACCOUNTS = "SELECT DISTINCT plugin FROM mysql.user"


class MySQLServers(AskedAtOnce):
    """Connections to members, by the access file: port, username, password_file,
    allow_cleartext_password, tls, ca_file, check_name, cert_file, key_file.

    :cvar username: who logs in when the access file names nobody; None for the executor's own user.
    :cvar rows: the kind of cursor, so of rows.
    """

    default_port = 3306
    library = (pymysql.MySQLError,)
    username: str | None = None
    rows: type[Cursor] = DictCursor

    @contextmanager
    def session(self, address: str, watch: Watch, timeout_sec: float) -> Iterator[Any]:
        """A cursor at one member."""
        connection = pymysql.connect(host=address, defer_connect=True,
                                     **self._arguments(timeout_sec))
        wire = socket.create_connection((address, self._port()), timeout_sec)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        watch.add(wire.fileno())
        connection.connect(wire)
        with connection, connection.cursor() as cursor:
            yield cursor

    def failure(self, member: Member, error: Exception) -> DatastoreError:
        words = error.args[-1] if error.args else type(error).__name__
        refused = bool(error.args) and error.args[0] in NO_ACCESS
        return access.failure(member, error, words, refused)

    def _arguments(self, timeout_sec: float) -> dict[str, Any]:
        chosen, tls = self._access, access.tls(self._access)
        return {
            "port": self._port(), "user": chosen.get("username", self.username),
            "password": access.password(chosen) or "",
            "connect_timeout": timeout_sec, "read_timeout": timeout_sec,
            "write_timeout": timeout_sec, "autocommit": True, "cursorclass": self.rows,
            "program_name": "trove-upgrade", "local_infile": False,
            "auth_plugin_map": {} if access.may_reveal(chosen) else KEEPING,
            **({"ssl": tls} if tls else {"ssl_disabled": True})}


def ask_plugins(cursor: Any) -> dict[str, Any]:
    """See :func:`plugins.answer`.

    :param cursor: of any kind, at one member.
    """
    with cursor.connection.cursor(Cursor) as own:
        own.execute(ACTIVE_PLUGINS)
        active = own.fetchall()
        try:
            own.execute(PLUGINS_OF_ACCOUNTS)
        except pymysql.MySQLError as error:
            if error.args[0] not in NO_ACCESS:
                raise
            return plugins.answer(active, None)
        return plugins.answer(active, [name for name, in own.fetchall()])


class Kept:
    """In place of a plugin that would give the password away."""

    def __init__(self, connection: Connection):
        self.connection = connection

    def authenticate(self, packet: MysqlPacket) -> MysqlPacket:
        """Answer what the server asks.

        :raises DatastoreError: the answer would reveal the password.
        """
        if not self.connection.password:
            return _auth._roundtrip(self.connection, b"")
        raise access.Revealing()


class KeptUnlessCached(Kept):
    """caching_sha2_password, but without its full exchange.

    There the password is sent as it is, or encrypted for the key that the server itself shows.
    """

    def authenticate(self, packet: MysqlPacket) -> MysqlPacket:
        if packet.is_auth_switch_request():
            salt = packet.read_all().removesuffix(b"\0")
            packet = _auth._roundtrip(self.connection, _auth.scramble_caching_sha2(
                self.connection.password, salt))
        if packet.is_extra_auth_data() and packet._data[1:2] == FAST:
            return self.connection._read_packet()
        if packet.is_ok_packet():
            return packet
        return super().authenticate(packet)


FAST = b"\x03"      # the server has the password's hash in its cache
# mysql_old_password can be computed back from what is heard of it.
KEEPING = {"caching_sha2_password": KeptUnlessCached, **dict.fromkeys(
    ("mysql_clear_password", "dialog", "sha256_password", "mysql_old_password"), Kept)}
