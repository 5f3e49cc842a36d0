"""What libpq is given to log in with, so that no server keeps it busy.

With SCRAM the server says how often the password is hashed, and libpq does so without an end and
without letting any other thread run. So the server is asked before, on a connection of our own,
and libpq is given the keys that were hashed here: with these it hashes nothing, whatever a server
says then.
"""
import base64
import hashlib
import hmac
import os
import socket
import ssl
import stringprep
import struct
import unicodedata
from contextlib import closing
from typing import Any

from psycopg import OperationalError, pq

from .. import access
from ..base import DatastoreError
from ..watch import Watch

TLS_REQUEST, PROTOCOL = 80877103, 196608        # numbers of PostgreSQL's first messages
TRUSTED, SASL, SASL_CONTINUED = 0, 10, 11       # kinds of its requests to log in
WITH_PASSWORD = (3, 5)                          # in clear, and by MD5: nothing is hashed for long
MECHANISM = b"SCRAM-SHA-256"
LIMIT_BYTES = 30_000            # of an answer, as for libpq
LIBPQ = 180000                  # the first that takes keys
NO_TICKET = "!gss,!sspi"        # of Kerberos, which this machine's user may have
NOTHING = {"password": "", "passfile": os.devnull}      # nor what this machine has for libpq
PROHIBITED = (stringprep.in_table_a1, stringprep.in_table_c12, stringprep.in_table_c21_c22,
              stringprep.in_table_c3, stringprep.in_table_c4, stringprep.in_table_c5,
              stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8,
              stringprep.in_table_c9)


def parameters(watch: Watch, timeout_sec: float, chosen: dict[str, Any], host: str, port: int,
               user: str, dbname: str) -> dict[str, Any]:
    """Parameters of libpq in the place of a password.

    :param timeout_sec: how long the server may be silent.
    :param chosen: the section of the access file.
    :raises OperationalError: it wants the password hashed too often, or is no PostgreSQL.
    :raises DatastoreError: code ``access_incomplete``: libpq is too old.
    """
    password, tls = access.password(chosen), access.tls(chosen)
    if password is None:
        return NOTHING
    if pq.version() < LIBPQ:
        raise DatastoreError("access_incomplete", "The executors' libpq is older than 18, which "
                             "can't log in within bounds: pip install 'psycopg[binary]>=3.3'.")
    with closing(socket.create_connection((host, port), timeout_sec)) as wire:
        watch.add(wire.fileno())
        with closing(_encrypted(wire, tls, host) if tls else wire) as server:
            first = b"".join(word.encode() + b"\0" for word in (
                "user", user, "database", dbname, ""))
            server.sendall(struct.pack(">II", len(first) + 8, PROTOCOL) + first)
            kind, said = _request(server)
            if kind == SASL and MECHANISM in said.split(b"\0"):
                return NOTHING | _keys(password, _asked(server))
    if kind in WITH_PASSWORD:
        others = f"!scram-sha-256,{NO_TICKET}" if access.may_reveal(chosen) else "md5,none"
        return {"password": password, "require_auth": others}
    return NOTHING | ({"require_auth": "none"} if kind == TRUSTED else {})


def _encrypted(wire: socket.socket, tls: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    wire.sendall(struct.pack(">II", 8, TLS_REQUEST))
    if wire.recv(1) != b"S":
        raise OperationalError("server does not support SSL, but SSL was required")
    return tls.wrap_socket(wire, server_hostname=host)


def _request(server: socket.socket) -> tuple[int, bytes]:
    """How the server wants us to log in, and what it says of that; -1: it says something else,
    which libpq is to tell."""
    letter, size = struct.unpack(">cI", _exactly(server, 5))
    if letter != b"R":
        return -1, b""
    said = _exactly(server, size - 4)
    return struct.unpack_from(">I", said)[0], said[4:]


def _asked(server: socket.socket) -> bytes:
    """SCRAM's first message of the server."""
    nonce = base64.b64encode(os.urandom(18))
    first = b"n,,n=,r=" + nonce
    answer = MECHANISM + b"\0" + struct.pack(">I", len(first)) + first
    server.sendall(b"p" + struct.pack(">I", len(answer) + 4) + answer)
    kind, said = _request(server)
    if kind != SASL_CONTINUED:
        raise OperationalError("it does not log in as it says")
    return said


def _keys(password: str, asked: bytes) -> dict[str, str]:
    """libpq's parameters of the two keys, after RFC 5802.

    :raises OperationalError: the password would be hashed too often.
    """
    told = dict(part.split(b"=", 1) for part in asked.split(b","))
    rounds = int(told[b"i"])
    if rounds > access.LIMIT_ROUNDS:
        raise OperationalError(access.TOO_MANY_ROUNDS)
    salted = hashlib.pbkdf2_hmac("sha256", prepared(password), base64.b64decode(told[b"s"]),
                                 rounds)
    return {f"scram_{who.lower()}_key": base64.b64encode(
        hmac.digest(salted, f"{who} Key".encode(), "sha256")).decode() for who in (
            "Client", "Server")}


def prepared(password: str) -> bytes:
    """The password as PostgreSQL hashes it: by SASLprep (RFC 4013) where that can be done."""
    mapped = "".join(" " if stringprep.in_table_c12(one) else one for one in password
                     if not stringprep.in_table_b1(one))
    found = unicodedata.normalize("NFKC", mapped)
    right = [stringprep.in_table_d1(one) for one in found]
    mixed = any(right) and (not (right[0] and right[-1]) or any(map(stringprep.in_table_d2, found)))
    wrong = mixed or any(table(one) for one in found for table in PROHIBITED)
    return (password if wrong or password.isascii() else found).encode()


def _exactly(server: socket.socket, size: int) -> bytes:
    if not 0 <= size <= LIMIT_BYTES:
        raise OperationalError("it says what is too long for a login")
    found = b""
    while len(found) < size:
        more = server.recv(size - len(found))
        if not more:
            raise OperationalError("server closed the connection unexpectedly")
        found += more
    return found
