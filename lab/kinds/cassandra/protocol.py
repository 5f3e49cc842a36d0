"""The native protocol, version 4, as far as stock clients need it here.

Stands for `doc/native_protocol_v4.spec` of Apache Cassandra: frames (section 2), notations (3),
messages (4), types (6) and errors (9). No compression, no paging, no batches.
"""
import ipaddress
import re
import struct
import uuid
from dataclasses import dataclass
from typing import Any

VERSION = 4
RESPONSE = 0x80
(ERROR, STARTUP, READY, AUTHENTICATE, OPTIONS, SUPPORTED, QUERY, RESULT, PREPARE, EXECUTE,
 REGISTER, EVENT, AUTH_RESPONSE, AUTH_SUCCESS) = (
    0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0F, 0x10)
VOID, ROWS, PREPARED = 1, 2, 4
PROTOCOL_ERROR, BAD_CREDENTIALS, UNAVAILABLE, WRITE_TIMEOUT, READ_TIMEOUT = (
    0x000A, 0x0100, 0x1000, 0x1100, 0x1200)
SYNTAX_ERROR, INVALID, UNPREPARED = 0x2000, 0x2200, 0x2500
TYPES = {"bigint": 0x02, "boolean": 0x04, "double": 0x07, "int": 0x09, "timestamp": 0x0B,
         "uuid": 0x0C, "text": 0x0D, "timeuuid": 0x0F, "inet": 0x10}
COLLECTIONS = {"list": 0x20, "map": 0x21, "set": 0x22}
COLLECTION = re.compile(r"(list|set|map)<(\w+)(?:, (\w+))?>")

Columns = list[tuple[str, str]]      # name, CQL type


class CqlError(Exception):
    """An ERROR message; `more` is what follows its text."""

    def __init__(self, code: int, message: str, more: bytes = b""):
        super().__init__(message)
        self.code, self.message, self.more = code, message, more

    def body(self) -> bytes:
        return struct.pack(">i", self.code) + string(self.message) + self.more


@dataclass
class Frame:
    """One message as it came."""

    version: int
    stream: int
    opcode: int
    body: bytes


async def read_frame(reader) -> Frame:
    """The next message; asyncio.IncompleteReadError when the client has gone."""
    version, _, stream, opcode, length = struct.unpack(">BBhBI", await reader.readexactly(9))
    return Frame(version & 0x7F, stream, opcode, await reader.readexactly(length))


def frame(stream: int, opcode: int, body: bytes = b"", sender: int = RESPONSE) -> bytes:
    """The bytes of a message; `sender` is 0 for a client's."""
    return struct.pack(">BBhBI", sender | VERSION, 0, stream, opcode, len(body)) + body


class Body:
    """Reads a message's body from its start."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, form: str) -> int:
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def string(self) -> str:
        return self.take(self.number("H")).decode()

    def long_string(self) -> str:
        return self.take(self.number("i")).decode()

    def short_bytes(self) -> bytes:
        return self.take(self.number("H"))

    def value(self) -> bytes | None:
        size = self.number("i")
        return self.take(size) if size >= 0 else None

    def string_map(self) -> dict[str, str]:
        return {self.string(): self.string() for _ in range(self.number("H"))}

    def string_list(self) -> list[str]:
        return [self.string() for _ in range(self.number("H"))]


@dataclass
class Parameters:
    """What comes with a QUERY or an EXECUTE."""

    consistency: int
    values: list[bytes | None]
    timestamp: int | None


def parameters(body: Body) -> Parameters:
    """Section 4.1.4: consistency, flags and what the flags announce."""
    consistency, flags = body.number("H"), body.number("B")
    values = []
    for _ in range(body.number("H") if flags & 0x01 else 0):
        if flags & 0x40:
            body.string()
        values.append(body.value())
    if flags & 0x04:
        body.number("i")
    if flags & 0x08:
        body.value()
    if flags & 0x10:
        body.number("H")
    return Parameters(consistency, values, body.number("q") if flags & 0x20 else None)


def string(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def string_list(texts: list[str]) -> bytes:
    return struct.pack(">H", len(texts)) + b"".join(map(string, texts))


def multimap(entries: dict[str, list[str]]) -> bytes:
    return struct.pack(">H", len(entries)) + b"".join(
        string(key) + string_list(values) for key, values in entries.items())


def value(data: bytes | None) -> bytes:
    return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data


def rows(table: str, columns: Columns, found: list[dict[str, Any]]) -> bytes:
    """A RESULT with rows; a row is name -> Python value, absent ones are null."""
    return struct.pack(">i", ROWS) + _metadata(table, columns) + struct.pack(">i", len(found)) + \
        b"".join(value(_encode(kind, row.get(name))) for row in found for name, kind in columns)


def void() -> bytes:
    return struct.pack(">i", VOID)


def prepared(identity: bytes, table: str, bound: Columns, keys: list[int],
             columns: Columns) -> bytes:
    """A RESULT with a prepared statement: its bound values, which of them are the key, its rows."""
    keyspace, name = table.split(".")
    head = struct.pack(">iii", 1, len(bound), len(keys)) + b"".join(
        struct.pack(">H", key) for key in keys) + string(keyspace) + string(name)
    answer = _metadata(table, columns) if columns else struct.pack(">ii", 4, 0)
    return struct.pack(">iH", PREPARED, len(identity)) + identity + head + _specs(bound) + answer


def status_change(change: str, address: str, port: int) -> bytes:
    """An EVENT: a node went UP or DOWN."""
    packed = ipaddress.ip_address(address).packed
    return string("STATUS_CHANGE") + string(change) + bytes([len(packed)]) + packed + \
        struct.pack(">i", port)


def _metadata(table: str, columns: Columns) -> bytes:
    keyspace, name = table.split(".")
    return struct.pack(">ii", 1, len(columns)) + string(keyspace) + string(name) + _specs(columns)


def _specs(columns: Columns) -> bytes:
    return b"".join(string(name) + _option(kind) for name, kind in columns)


def _option(kind: str) -> bytes:
    if found := COLLECTION.fullmatch(kind):
        name, *inner = found.groups()
        return struct.pack(">H", COLLECTIONS[name]) + b"".join(
            _option(one) for one in inner if one)
    return struct.pack(">H", TYPES[kind])


def _encode(kind: str, what: Any) -> bytes | None:
    if what is None:
        return None
    if found := COLLECTION.fullmatch(kind):
        _, first, second = found.groups()
        flat = [_encode(one, each) for pair in what.items()
                for one, each in zip((first, second), pair, strict=True)
                ] if second else [_encode(first, each) for each in what]
        return struct.pack(">i", len(what)) + b"".join(map(value, flat))
    return _SCALARS[kind](what)


_SCALARS: dict[str, Any] = {
    "text": str.encode, "inet": lambda one: ipaddress.ip_address(one).packed,
    "uuid": lambda one: uuid.UUID(one).bytes, "timeuuid": lambda one: uuid.UUID(one).bytes,
    "boolean": lambda one: bytes([one]), "double": lambda one: struct.pack(">d", one),
    "int": lambda one: struct.pack(">i", one), "bigint": lambda one: struct.pack(">q", one),
    "timestamp": lambda one: struct.pack(">q", one)}
