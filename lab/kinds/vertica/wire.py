"""Vertica's frontend/backend protocol as far as its stock clients use it: framing, no meaning.

Stands for the listener of a node. After PostgreSQL's protocol 3 as Vertica speaks it (its ODBC and
Python clients; "Connecting to Vertica", manual of 11.0): startup with optional TLS, authentication
by salted SHA512, simple query, text results. Prepared statements and COPY are refused.
"""
import asyncio
import hashlib
import os
import ssl
import struct
from collections.abc import Iterable, Sequence

TLS_REQUEST, CANCEL_REQUEST, BALANCE_REQUEST = 80877103, 80877102, 80936960
HASH_SHA512 = 65536 + 512
PROTOCOL = 3 << 16 | 8
INT8, VARCHAR = 6, 9
TRUNCATED_BYTES = 1 << 24


class Wire:
    """One client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._reader, self._writer = reader, writer

    async def startup(self, tls: ssl.SSLContext | None) -> dict[str, str] | None:
        """What the client says of itself: user, database ...; None for what needs no session."""
        while True:
            length, = struct.unpack("!I", await self._reader.readexactly(4))
            body = await self._reader.readexactly(min(length, TRUNCATED_BYTES) - 4)
            code, = struct.unpack("!I", body[:4])
            if code == TLS_REQUEST:
                self._writer.write(b"S" if tls else b"N")
                await self._writer.drain()
                if tls:
                    await self._writer.start_tls(tls)
            elif code == BALANCE_REQUEST:
                self._writer.write(b"N")
            elif code == CANCEL_REQUEST:
                return None
            else:
                return _parameters(body[4:])

    async def authenticate(self, password: str) -> bool:
        """Whether the client knows the password."""
        salt, user_salt = os.urandom(4), os.urandom(16)
        self._send(b"R", struct.pack("!I4sI16s", HASH_SHA512, salt, 16, user_salt))
        await self._writer.drain()
        kind, answer = await self.read()
        inner = hashlib.sha512(password.encode() + user_salt).hexdigest().encode()
        wanted = b"sha512" + hashlib.sha512(inner + salt).hexdigest().encode()
        return kind == b"p" and answer.rstrip(b"\0") == wanted

    def welcome(self, process: int, autocommit: str) -> None:
        """The session is open."""
        self._send(b"R", struct.pack("!I", 0))
        for name, value in (("protocol_version", str(PROTOCOL)), ("auto_commit", autocommit)):
            self._send(b"S", f"{name}\0{value}\0".encode())
        self._send(b"K", struct.pack("!II", process, 0))

    async def read(self) -> tuple[bytes, bytes]:
        """The next message, (type, body)."""
        kind = await self._reader.readexactly(1)
        length, = struct.unpack("!I", await self._reader.readexactly(4))
        return kind, await self._reader.readexactly(length - 4)

    def rows(self, columns: Sequence[str], rows: Iterable[Sequence], tag: str) -> None:
        """A result as text; a column whose values are all numbers is of type INTEGER."""
        rows = list(rows)
        types = [INT8 if rows and all(isinstance(row[number], int) for row in rows) else VARCHAR
                 for number in range(len(columns))]
        fields = b"".join(
            name.encode() + struct.pack("!xQHBIhHHiH", 0, number, 0, kind, -1, 1, 0, -1, 0)
            for number, (name, kind) in enumerate(zip(columns, types, strict=True), start=1))
        self._send(b"T", struct.pack("!HI", len(columns), 0) + fields)
        for row in rows:
            self._send(b"D", struct.pack("!H", len(row)) + b"".join(map(_field, row)))
        self.complete(tag)

    def complete(self, tag: str) -> None:
        self._send(b"C", tag.encode() + b"\0")

    def error(self, state: str, message: str, severity: str = "ERROR") -> None:
        """With an SQLSTATE of the manual's list."""
        self._send(b"E", f"S{severity}\0C{state}\0M{message}\0\0".encode())

    def notice(self, message: str) -> None:
        self._send(b"N", f"SNOTICE\0C00000\0M{message}\0\0".encode())

    async def ready(self) -> None:
        """All was said; the client may go on."""
        self._send(b"Z", b"I")
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    def _send(self, kind: bytes, body: bytes) -> None:
        self._writer.write(kind + struct.pack("!I", len(body) + 4) + body)


def _parameters(body: bytes) -> dict[str, str]:
    """Pairs of strings; but the value of protocol_version is four bytes."""
    found, position = {}, 0
    while body[position:position + 1] not in (b"\0", b""):
        end = body.index(b"\0", position)
        name = body[position:end].decode()
        if name == "protocol_version":
            position = end + 6
            continue
        stop = body.index(b"\0", end + 1)
        found[name], position = body[end + 1:stop].decode(), stop + 1
    return found


def _field(value) -> bytes:
    if value is None:
        return struct.pack("!i", -1)
    text = str(value).encode()
    return struct.pack("!i", len(text)) + text
