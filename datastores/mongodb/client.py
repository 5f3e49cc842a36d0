"""How a MongoDB server is asked: the only module here that opens a connection."""
import ipaddress
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymongo
from pymongo.errors import ConfigurationError, OperationFailure, ProtocolError, PyMongoError
from pymongo.monitoring import ConnectionClosedReason
from pymongo.synchronous.auth import authenticate
from pymongo.synchronous.pool import Pool

from .. import access
from ..base import DatastoreError, Member
from ..servers import AskedAtOnce
from ..watch import Watch

REFUSED = {13, 18}      # Unauthorized, AuthenticationFailed
UNKNOWN_COMMAND = 59    # CommandNotFound
LOCAL_OPLOG = "oplog.rs"
LOGIN = ("username", "password_file", "auth_source")
HEADER = struct.Struct("<iiii")     # of a message: its length with the header, two ids, its kind
COMPRESSED = 2012


class Servers(AskedAtOnce):
    """Connections to servers, by the access file: port, username, password_file, auth_source, tls,
    ca_file, check_name, cert_file, key_file."""

    default_port = 27017
    library = (PyMongoError,)

    @contextmanager
    def session(self, address: str, watch: Watch, timeout_sec: float
                ) -> Iterator[pymongo.MongoClient]:
        """A client of this one server."""
        # By itself the client would take the colons of an IPv6 address for a port's.
        host = f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
        with pymongo.MongoClient(
                host, **self._arguments(), socketTimeoutMS=int(timeout_sec * 1000),
                _pool_class=_watched(watch)) as client:
            yield client

    def failure(self, member: Member, error: Exception) -> DatastoreError:
        if not isinstance(error, OperationFailure | ConfigurationError):
            return access.failure(member, error, _words(error), refused=False)
        if getattr(error, "code", None) in REFUSED:
            return DatastoreError("access_refused", f"{member.name} refuses: {_words(error)}",
                                  instance=member.id)
        return DatastoreError("refused_by", f"{member.name} refuses: {_words(error)}",
                              passing=True, instance=member.id)

    def answer(self, member: Member) -> dict[str, Any]:
        """``{hello, version}`` and, of a member of a replica set, ``{status, config, fcv, oplog}``,
        of a router ``{balancer, shards, write_concern}``.

        An arbiter holds no users, so with access control it lets nobody log in.
        """
        try:
            return self._answer(member)
        except DatastoreError as error:
            if error.code != "access_refused":
                raise
            without_login = {key: self._access[key] for key in self._access if key not in LOGIN}
            with Servers(without_login).connect(member) as client:
                hello = client.admin.command("hello")
                if hello.get("arbiterOnly"):
                    return {"hello": hello, "version": client.server_info()["version"]}
            raise

    def _answer(self, member: Member) -> dict[str, Any]:
        with self.connect(member) as client:
            hello = client.admin.command("hello")
            found = {"hello": hello, "version": client.server_info()["version"]}
            if hello.get("msg") == "isdbgrid":
                return found | _router(client)
            return found | (_data_member(client) if "setName" in hello else {})

    def _arguments(self) -> dict[str, Any]:
        chosen, wait = self._access, int(self.timeout_sec * 1000)
        # A password is proven by SCRAM, which the client chooses when nothing else is said.
        arguments: dict[str, Any] = {
            "port": self._port(), "directConnection": True,
            "serverSelectionTimeoutMS": wait, "connectTimeoutMS": wait, "retryWrites": False,
            "retryReads": False, "appname": "trove-upgrade", "maxPoolSize": 1}
        secret = access.password(chosen)
        if secret is not None:
            if not chosen.get("username"):
                raise DatastoreError("access_incomplete", "The access file gives mongodb a "
                                     "password_file and no username.")
            arguments |= {"username": chosen["username"], "password": secret,
                          "authSource": chosen.get("auth_source", "admin")}
        if access.tls(chosen):
            arguments |= {"tls": True, "tlsCAFile": chosen.get("ca_file"),
                          "tlsAllowInvalidHostnames": not access.checks_name(chosen),
                          "tlsCertificateKeyFile": _certificate_with_key(chosen)}
        return arguments


class Wrapping:
    """What wraps a new connection in TLS, if any, when it has been told to the watch.

    It is the one thing that the client library gives its sockets to before it reads from them.
    """

    def __init__(self, watch: Watch, tls: ssl.SSLContext | None):
        self._watch, self._tls = watch, tls
        self.verify_mode = tls.verify_mode if tls else ssl.CERT_NONE
        self.check_hostname = bool(tls and tls.check_hostname)

    def wrap_socket(self, wire: Any, **options: Any) -> Any:
        """The socket that the client goes on with."""
        self._watch.add(wire.fileno())
        return Uncompressed(self._tls.wrap_socket(wire, **options) if self._tls else wire)


class Uncompressed:
    """A socket that passes on no compressed message.

    We ask for none, but the client library unpacks what a server sends all the same, to a length
    that the server tells: a thousand times of what the watch sees.
    """

    def __init__(self, wire: Any):
        self._wire, self._header, self._left = wire, b"", 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wire, name)

    def recv_into(self, buffer: Any, *more: Any) -> int:
        """As that of a socket.

        :raises ProtocolError: a compressed message begins.
        """
        count: int = self._wire.recv_into(buffer, *more)
        self._follow(bytes(buffer[:count]))
        return count

    def _follow(self, said: bytes) -> None:
        """Find the headers in what was received."""
        while said:
            if self._left:
                passed = min(self._left, len(said))
                self._left -= passed
            else:
                passed = min(HEADER.size - len(self._header), len(said))
                self._header += said[:passed]
                if len(self._header) == HEADER.size:
                    self._begin(*HEADER.unpack(self._header))
            said = said[passed:]

    def _begin(self, length: int, number: int, asked: int, kind: int) -> None:
        if kind == COMPRESSED:
            raise ProtocolError("sends compressed messages, which nobody has asked for")
        self._header, self._left = b"", max(0, length - HEADER.size)


class Options:
    """The options of a pool, in which :class:`Wrapping` stands for TLS, and without a login."""

    _credentials = None

    def __init__(self, options: Any, watch: Watch):
        self._options, self._ssl_context = options, Wrapping(watch, options._ssl_context)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._options, name)


class Login:
    """A connection while it logs in: how often the password is hashed is the server's to say, and
    the client library would do so without an end, in a thread that nobody can stop."""

    def __init__(self, connection: Any):
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def command(self, *said: Any, **options: Any) -> Any:
        """The server's answer.

        :raises OperationFailure: it wants the password hashed too often.
        """
        answer = self._connection.command(*said, **options)
        for part in bytes(answer.get("payload", b"")).split(b","):
            if part.startswith(b"i=") and int(part[2:]) > access.LIMIT_ROUNDS:
                raise OperationFailure(access.TOO_MANY_ROUNDS)
        return answer


def _watched(watch: Watch) -> type[Pool]:
    class Watched(Pool):
        def __init__(self, address: Any, options: Any, **more: Any):
            super().__init__(address, Options(options, watch), **more)     # type: ignore[arg-type]
            self._credentials = options._credentials

        def connect(self, handler: Any = None) -> Any:
            connection = super().connect(handler)
            try:
                if self._credentials:
                    authenticate(self._credentials, Login(connection))  # type: ignore[arg-type]
            except BaseException:
                connection.close_conn(ConnectionClosedReason.ERROR)
                raise
            return connection

    return Watched


def _certificate_with_key(chosen: dict[str, Any]) -> str | None:
    """The client library takes both from one file."""
    if chosen.get("key_file"):
        raise DatastoreError("access_incomplete", "The access file gives mongodb a key_file: put "
                             "the key into the cert_file, behind the certificate.")
    return chosen.get("cert_file")


def _data_member(client) -> dict[str, Any]:
    status = client.admin.command("replSetGetStatus")
    found = {"status": status, "config": client.admin.command("replSetGetConfig")["config"]}
    if status["myState"] not in (1, 2):
        return found
    fcv = client.admin.command({"getParameter": 1, "featureCompatibilityVersion": 1})
    return found | {"fcv": fcv["featureCompatibilityVersion"], "oplog": _oplog(client)}


def _oplog(client) -> dict[str, Any]:
    """Its two ends (seconds since 1970), its size and its limit (bytes)."""
    local = client.get_database("local", read_preference=pymongo.ReadPreference.NEAREST)
    ends = [local[LOCAL_OPLOG].find_one({}, {"ts": 1}, sort=[("$natural", way)])
            for way in (1, -1)]
    size = local.command("collStats", LOCAL_OPLOG)
    return {"first": ends[0]["ts"].time if ends[0] else 0,
            "last": ends[1]["ts"].time if ends[1] else 0,
            "size": size["size"], "max_size": size["maxSize"]}


def _router(client) -> dict[str, Any]:
    """What a router says of the cluster; nothing while the config servers are not there."""
    try:
        return {"balancer": client.admin.command("balancerStatus"),
                "shards": client.admin.command("listShards")["shards"],
                "write_concern": _write_concern(client)}
    except PyMongoError as error:
        if getattr(error, "code", None) in REFUSED:
            raise
        return {"trouble": _words(error)}


def _write_concern(client) -> dict[str, Any]:
    """The cluster's default, empty where it has none: before 4.4, or when nobody has set it."""
    try:
        return client.admin.command("getDefaultRWConcern").get("defaultWriteConcern", {})
    except OperationFailure as error:
        if error.code == UNKNOWN_COMMAND:
            return {}
        raise


def _words(error: Exception) -> str:
    """The server's own words, without what the library adds about its state."""
    details = getattr(error, "details", None)
    text = details.get("errmsg") if isinstance(details, dict) else None
    return str(text or str(error).split(", Timeout:")[0].split(" (configured timeouts")[0])
