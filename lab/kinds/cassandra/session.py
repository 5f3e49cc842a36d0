"""One client's connection to a member: login, statements, events.

Understands the few statements that stock clients and the load send; the load's keyspace `shop` with
its table `pairs (key text PRIMARY KEY, value text)` is always there.
"""
import asyncio
import contextlib
import hashlib
import re
import struct
import time
from typing import TYPE_CHECKING

from . import protocol
from .protocol import Body, Columns, CqlError, Frame, Parameters
from .ring import NAMES

if TYPE_CHECKING:
    from .node import Node

PAIRS = ".".join(*NAMES.items())
PAIR: Columns = [("key", "text"), ("value", "text")]
SELECT = re.compile(r"SELECT (.+?) FROM ([\w.]+)(?: WHERE (\w+)\s*=\s*('[^']*'|\?))?"
                    r"(?: ALLOW FILTERING)?;?", re.IGNORECASE | re.DOTALL)
INSERT = re.compile(r"INSERT INTO (\w+\.\w+) \(key, value\) VALUES \(\?, \?\);?", re.IGNORECASE)


class Session:
    """Answers one connection's requests, many at a time."""

    def __init__(self, node: "Node", reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._node, self._reader, self._writer = node, reader, writer
        self._prepared: dict[bytes, str] = {}
        self._listens, self._known, self._ending = False, not node.conf.password, False
        self._open: set[asyncio.Task] = set()

    async def serve(self) -> None:
        """Until the client has gone or the member ends it."""
        with contextlib.suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            while not self._ending:
                frame = await protocol.read_frame(self._reader)
                task = asyncio.create_task(self._respond(frame))
                self._open.add(task)
                task.add_done_callback(self._open.discard)
        self._writer.close()

    async def end(self) -> None:
        """Finish what was begun, then close."""
        self._ending = True
        if self._open:
            await asyncio.wait(self._open, timeout=2)
        self._writer.close()

    def tell_status(self, change: str, address: str) -> None:
        """An event for clients that registered for it."""
        if self._listens and not self._ending:
            self._writer.write(protocol.frame(-1, protocol.EVENT, protocol.status_change(
                change, address, self._node.conf.port)))

    async def _respond(self, frame: Frame) -> None:
        try:
            if frame.version != protocol.VERSION:
                raise CqlError(protocol.PROTOCOL_ERROR, "Invalid or unsupported protocol version "
                               f"({frame.version}); supported versions are (4/v4)")
            opcode, body = await self._answer(frame.opcode, Body(frame.body))
        except CqlError as error:
            opcode, body = protocol.ERROR, error.body()
        with contextlib.suppress(OSError):
            self._writer.write(protocol.frame(frame.stream, opcode, body))
            await self._writer.drain()

    async def _answer(self, opcode: int, body: Body) -> tuple[int, bytes]:
        if opcode == protocol.OPTIONS:
            return protocol.SUPPORTED, protocol.multimap(
                {"CQL_VERSION": ["3.4.6"], "COMPRESSION": [], "PROTOCOL_VERSIONS": ["4/v4"]})
        if opcode == protocol.STARTUP:
            return (protocol.READY, b"") if self._known else (
                protocol.AUTHENTICATE,
                protocol.string("org.apache.cassandra.auth.PasswordAuthenticator"))
        if opcode == protocol.AUTH_RESPONSE:
            return self._log_in(body.value() or b"")
        if not self._known:
            raise CqlError(protocol.PROTOCOL_ERROR, "log in first")
        if opcode == protocol.REGISTER:
            self._listens = "STATUS_CHANGE" in body.string_list()
            return protocol.READY, b""
        return protocol.RESULT, await self._statement(opcode, body)

    def _log_in(self, token: bytes) -> tuple[int, bytes]:
        """SASL PLAIN, as PasswordAuthenticator takes it."""
        if token.split(b"\0")[1:] != [b"cassandra", self._node.conf.password.encode()]:
            raise CqlError(protocol.BAD_CREDENTIALS, "Provided username and/or password are "
                                                     "incorrect")
        self._known = True
        return protocol.AUTH_SUCCESS, protocol.value(None)

    async def _statement(self, opcode: int, body: Body) -> bytes:
        if opcode == protocol.PREPARE:
            return self._prepare(body.long_string())
        if opcode == protocol.QUERY:
            return await self._run(body.long_string(), protocol.parameters(body))
        if opcode == protocol.EXECUTE:
            identity = body.short_bytes()
            if identity not in self._prepared:
                raise CqlError(protocol.UNPREPARED, "Prepared query not found",
                               struct.pack(">H", len(identity)) + identity)
            return await self._run(self._prepared[identity], protocol.parameters(body))
        raise CqlError(protocol.PROTOCOL_ERROR, f"opcode {opcode} is not known here")

    def _prepare(self, text: str) -> bytes:
        identity = hashlib.md5(text.encode(), usedforsecurity=False).digest()
        self._prepared[identity] = text
        if INSERT.fullmatch(text):
            return protocol.prepared(identity, PAIRS, PAIR, [0], [])
        if (found := SELECT.fullmatch(text)) and found[2] == PAIRS and found[4] == "?":
            return protocol.prepared(identity, PAIRS, PAIR[:1], [0], PAIR[1:])
        raise CqlError(protocol.INVALID, "only statements on the load's table can be prepared here")

    async def _run(self, text: str, given: Parameters) -> bytes:
        values = [value.decode() for value in given.values if value is not None]
        if found := INSERT.fullmatch(text.strip()):
            key, value = values
            await self._node.coordinator.write(
                key, value, given.timestamp or time.time_ns() // 1000, given.consistency)
            return protocol.void()
        found = SELECT.fullmatch(text.strip())
        if not found:
            raise CqlError(protocol.SYNTAX_ERROR, f"not understood here: {text[:80]}")
        wanted, table, column, literal = found.groups()
        if table == PAIRS:
            key = values[0] if literal == "?" else literal.strip("'")
            value = await self._node.coordinator.read(key, given.consistency)
            return protocol.rows(PAIRS, PAIR[1:], [] if value is None else [{"value": value}])
        return self._select(wanted, table, column, (literal or "").strip("'"))

    def _select(self, wanted: str, table: str, column: str | None, value: str) -> bytes:
        """From a system table."""
        columns = self._node.tables.columns(table)
        names = [name.strip() for name in wanted.split(",")]
        if wanted.strip() != "*":
            if missing := [name for name in names if name not in dict(columns)]:
                raise CqlError(protocol.INVALID, f"Undefined column name {missing[0]} in {table}")
            columns = [(name, dict(columns)[name]) for name in names]
        found = [row for row in self._node.tables.rows(table)
                 if column is None or str(row.get(column)) == value]
        return protocol.rows(table, columns, found)
