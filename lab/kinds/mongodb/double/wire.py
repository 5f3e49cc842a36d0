"""Messages of the wire protocol, a server of them, and clients: one that waits, one that blocks.

After "MongoDB Wire Protocol" of the manual: OP_MSG (2013) for all, OP_QUERY (2004) with OP_REPLY
(1) only for the first hello of a connection.
"""
import asyncio
import contextlib
import itertools
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, cast

import bson

Document = dict[str, Any]
Handler = Callable[[Document, "Session"], Awaitable[Document]]
HEADER = struct.Struct("<iiii")      # length, request id, response to, op code
OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
MORE_TO_COME = 2
LIMIT = 2 ** 26     # bytes that may wait to be read
_numbers = itertools.count(1)


class CommandError(Exception):
    """A command is refused: code and name as in the server's error_codes.yml."""

    def __init__(self, code: int, name: str, message: str, labels: tuple[str, ...] = ()):
        super().__init__(message)
        self.code, self.name, self.labels = code, name, labels

    def as_reply(self) -> Document:
        reply: Document = {"ok": 0.0, "errmsg": str(self), "code": self.code,
                           "codeName": self.name}
        return reply | ({"errorLabels": list(self.labels)} if self.labels else {})


class Session:
    """What a server remembers of one connection."""

    def __init__(self, number: int):
        self.number, self.user = number, ""
        self.login: Any = None          # a login under way


def pack(command: Document, response_to: int = 0) -> tuple[int, bytes]:
    """An OP_MSG with one body section: (request id, bytes)."""
    body = struct.pack("<iB", 0, 0) + bson.encode(command)
    number = next(_numbers)
    return number, HEADER.pack(16 + len(body), number, response_to, OP_MSG) + body


def _framed(command: Document) -> bytes:
    """The command's own name stays first."""
    return pack({**command, "$db": command.get("$db", "admin")})[1]


def unpack(code: int, body: bytes) -> tuple[Document, int]:
    """(command, flags) of the body of an OP_MSG or OP_QUERY; sections of documents become lists."""
    if code == OP_QUERY:
        start = body.index(b"\0", 4) + 9        # flags, collection's name, skip, return
        return bson.decode(body[start:start + _size(body, start)]), 0
    if code != OP_MSG:
        raise ValueError(f"op code {code} is not spoken here")
    flags, = struct.unpack_from("<I", body)
    command: Document = {}
    at, end = 4, len(body) - (4 if flags & 1 else 0)
    while at < end:
        kind, size = body[at], _size(body, at + 1)
        section = body[at + 1:at + 1 + size]
        if kind == 0:
            command |= bson.decode(section)
        else:
            stop = section.index(b"\0", 4)
            command[section[4:stop].decode()] = bson.decode_all(section[stop + 1:])
        at += 1 + size
    return command, flags


def _size(body: bytes, at: int) -> int:
    return struct.unpack_from("<i", body, at)[0]


def _reply(code: int, request: int, answer: Document) -> bytes:
    if code == OP_MSG:
        return pack(answer, request)[1]
    body = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(answer)
    return HEADER.pack(16 + len(body), next(_numbers), request, OP_REPLY) + body


async def _read(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    size, number, _, code = HEADER.unpack(await reader.readexactly(16))
    return number, code, await reader.readexactly(size - 16)


class Listener:
    """Answers each command that comes by `handler`, until it is closed."""

    def __init__(self, handler: Handler):
        self._handler, self._numbers = handler, itertools.count(1)
        self._talks: set[asyncio.Task] = set()

    async def open(self, host: str, port: int) -> "Listener":
        self._server = await asyncio.start_server(self._talk, host, port, limit=LIMIT)
        return self

    async def close(self) -> None:
        """Take no more connections and end those that there are."""
        self._server.close()
        talks = list(self._talks)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(next(self._numbers))
        talk = cast(asyncio.Task, asyncio.current_task())
        self._talks.add(talk)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while True:
                    number, code, body = await _read(reader)
                    command, flags = unpack(code, body)
                    answer = await self._handler(command, session)
                    if not flags & MORE_TO_COME:
                        writer.write(_reply(code, number, answer))
                        await writer.drain()
        finally:
            self._talks.discard(talk)
            writer.close()


class Peer:
    """Connections to one other server, made when needed; one command at a time on each."""

    def __init__(self, host: str, key: str = ""):
        self.host, self._key = host, key
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._over = False

    async def ask(self, command: Document, timeout: float) -> Document:
        """Its reply, also one that refuses.

        :raises OSError: there is none within `timeout` seconds.
        """
        try:
            return await asyncio.wait_for(self._ask(command), timeout)
        except (asyncio.IncompleteReadError, TimeoutError) as error:
            raise ConnectionError(f"{self.host} does not answer") from error

    async def _ask(self, command: Document) -> Document:
        reader, writer = self._free.pop() if self._free else await self._connect()
        try:
            writer.write(_framed({**command, "$clusterKey": self._key}))
            _, code, body = await _read(reader)
        except BaseException:
            writer.close()
            raise
        self._free.append((reader, writer))
        if self._over:          # meanwhile
            self.close()
        return unpack(code, body)[0]

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name, _, port = self.host.rpartition(":")
        return await asyncio.open_connection(name, int(port), limit=LIMIT)

    def close(self) -> None:
        """End the connections that are not in use; others are made when needed."""
        while self._free:
            self._free.pop()[1].close()

    def end(self) -> None:
        """End all; one that is in use ends with its answer."""
        self._over = True
        self.close()


def ask(address: str, port: int, command: Document, timeout: float = 2.0) -> Document:
    """One command on a connection of its own; blocks. OSError when there is no answer."""
    with socket.create_connection((address, port), timeout) as connection:
        connection.settimeout(timeout)
        connection.sendall(_framed(command))
        size, _, _, code = HEADER.unpack(_exactly(connection, 16))
        return unpack(code, _exactly(connection, size - 16))[0]


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = connection.recv(size - len(found))
        if not more:
            raise ConnectionError("the connection was closed")
        found += more
    return found
