"""Servers on the loopback that say what they like: a greeting in each protocol, then anything."""
import contextlib
import socket
import struct
import threading
import zlib

import bson


class Hostile:
    """A server that lets each client speak with ``talk(wire)``.

    :ivar heard: everything that clients have sent.
    """

    def __init__(self, talk, address="127.0.0.1"):
        self.talk, self.heard = talk, b""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._guarded, args=(self._listener.accept()[0],),
                                 daemon=True).start()

    def _guarded(self, wire):
        with wire, contextlib.suppress(OSError, struct.error, IndexError):
            wire.settimeout(20)
            self.talk(Wire(wire, self))


class Wire:
    """A connection whose server side is played."""

    def __init__(self, wire, server):
        self._wire, self._server = wire, server
        self.send = wire.sendall

    def hear(self):
        """What the client says next; the connection is over when it says nothing more."""
        said = self._wire.recv(65536)
        self._server.heard += said
        if not said:
            raise OSError("over")
        return said


def packet(number, body):
    """One of MySQL's."""
    return struct.pack("<I", len(body))[:3] + bytes([number]) + body


def mysql_hello(plugin=b"mysql_native_password"):
    return packet(0, b"\x0a8.0.28\0" + struct.pack("<I", 1) + b"12345678\0"
                  + struct.pack("<H", 0xf7ff) + b"\x21\x02\0" + struct.pack("<H", 0xdfff) + b"\x15"
                  + b"\0" * 10 + b"123456789012\0" + plugin + b"\0")


MYSQL_OK = b"\0\0\0\x02\0\0\0"


def mysql(wire):
    wire.send(mysql_hello())
    wire.hear()
    wire.send(packet(2, MYSQL_OK))
    wire.hear()
    wire.send(packet(1, MYSQL_OK))      # SET NAMES
    wire.hear()


def message(kind, body):
    """One of PostgreSQL's, or Vertica's."""
    return kind + struct.pack(">I", len(body) + 4) + body


def postgresql(wire):
    wire.hear()
    wire.send(message(b"R", struct.pack(">I", 0)) + message(b"S", b"server_version\x0018.0\0")
              + message(b"S", b"client_encoding\0UTF8\0") + message(b"Z", b"I"))
    wire.hear()


def rows(name, kind, values):
    """PostgreSQL's answer of rows with one column, of the type with this number."""
    return (message(b"1", b"") + message(b"2", b"")
            + message(b"T", struct.pack(">H", 1) + name.encode() + b"\0"
                      + struct.pack(">IHIhIH", 0, 0, kind, -1, 0xffffffff, 0))
            + b"".join(message(b"D", struct.pack(">H", 1) + (
                struct.pack(">i", -1) if one is None else struct.pack(">I", len(one)) + one))
                for one in values)
            + message(b"C", b"SELECT 1\0") + message(b"Z", b"I"))


def vertica(wire):
    wire.hear()
    wire.send(message(b"R", struct.pack(">I", 0)) + message(b"K", struct.pack(">II", 1, 2))
              + message(b"Z", b"I"))
    wire.hear()


def redis(wire):
    wire.hear()
    wire.send(b"%1\r\n$5\r\nproto\r\n:3\r\n")
    wire.hear()


def op_msg(request, document):
    """MongoDB's reply to a request."""
    return op_raw(request, bson.encode(document))


def op_raw(request, document):
    """The same of a document that is written already."""
    body = struct.pack("<I", 0) + b"\0" + document
    return struct.pack("<iiii", len(body) + 16, 1, struct.unpack_from("<i", request, 4)[0],
                       2013) + body


def nested(depth):
    """A document in a document in a document, as bytes."""
    heads = (struct.pack("<i", 5 + 8 * inner) + b"\x03a\0" for inner in range(depth, 0, -1))
    return b"".join(heads) + b"\5\0\0\0\0" + b"\0" * depth


HELLO = {"ok": 1, "helloOk": True, "isWritablePrimary": True, "setName": "s", "hosts": ["x:1"],
         "maxWireVersion": 21, "minWireVersion": 0, "maxBsonObjectSize": 16 << 20,
         "maxMessageSizeBytes": 2 ** 31 - 1, "me": "x:1"}


def mongodb(wire):
    while b"ismaster" in (request := wire.hear()).lower() or b"\x10hello\0" in request:
        old = struct.unpack_from("<i", request, 12)[0] == 2004        # OP_QUERY
        wire.send(_op_reply(request) if old else op_msg(request, HELLO))
    wire.request = request


def _op_reply(request):
    body = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(HELLO)
    return struct.pack("<iiii", len(body) + 16, 1, struct.unpack_from("<i", request, 4)[0],
                       1) + body


def frame(request, kind, body):
    """One of Cassandra's, in answer to the request."""
    return b"\x84\0" + request[2:4] + bytes([kind]) + struct.pack(">I", len(body)) + body


SUPPORTED = b"\0\2\0\x0bCQL_VERSION\0\1\0\x053.4.5\0\x0bCOMPRESSION\0\0"


def cassandra(wire):
    while (request := wire.hear())[4] in (1, 5):        # STARTUP, OPTIONS
        wire.send(frame(request, 2, b"") if request[4] == 1 else frame(request, 6, SUPPORTED))
    wire.request = request


GREETINGS = {"mysql_replication": mysql, "mariadb_replication": mysql, "galera": mysql,
             "postgresql_replication": postgresql, "vertica": vertica, "redis": redis,
             "mongodb": mongodb, "cassandra": cassandra}


def endless(name, request):
    """The beginning of an answer that says that very much follows."""
    return {"redis": b"$4000000000\r\n",
            "postgresql_replication": message(b"D", b"\0\1")[:1] + struct.pack(">IHI", 900_000_000,
                                                                              1, 899_999_990),
            "vertica": b"D" + struct.pack(">I", 2 ** 31),
            "mongodb": struct.pack("<iiii", 48_000_000, 1, struct.unpack_from(
                "<i", request.ljust(8, b"\0"), 4)[0], 2013),
            "cassandra": b"\x84\0" + request[2:4] + b"\x08" + struct.pack(">I", 2 ** 31 - 1),
            }.get(name, b"")


def block(name, number):
    """A MB of what follows; MySQL's comes in packets that each say that there is another one."""
    if GREETINGS[name] is mysql:
        return b"\xff\xff\xff" + bytes([(number + 1) % 256]) + b"x" * 0xffffff
    return b"x" * 2 ** 20


def compressed(request, size):
    """MongoDB's reply of so many bytes, packed."""
    body = bson.encode({"ok": 1, "a": b"\0" * size})
    packed = zlib.compress(b"\0\0\0\0\0" + body, 9)
    return struct.pack("<iiiiiiB", len(packed) + 25, 1, struct.unpack_from("<i", request, 4)[0],
                       2012, 2013, len(body) + 5, 2) + packed


def many(name, request):
    """A whole answer of a MB and a half that holds as many things as there is room for."""
    empty = b"\3\0\5\0\0\0\0" * 220_000
    return {
        "redis": lambda: b"*380000\r\n" + b"*0\r\n" * 380_000,
        "mongodb": lambda: op_raw(request, _document(b"\4a\0" + _document(empty))),
        "cassandra": lambda: frame(request, 8, (
            struct.pack(">III", 2, 1, 1) + b"\0\1k\0\1t\0\1c\0\x0d"
            + struct.pack(">I", 900_000) + b"\xff" * 4 * 900_000)),
        "postgresql_replication": lambda: rows("a", 25, [None] * 140_000),
        "vertica": lambda: message(b"T", struct.pack(">HI", 0, 0)) + message(
            b"D", b"\0\0") * 210_000 + message(b"C", b"SELECT 1\0") + message(b"Z", b"I"),
    }.get(name, _mysql_rows)()


def _document(inner):
    return struct.pack("<i", len(inner) + 5) + inner + b"\0"


def _mysql_rows():
    column = b"\3def\0\0\0\1c\0\x0c\x21\0\xff\0\0\0\xfd\0\0\0\0\0"
    end = b"\xfe\0\0\2\0"
    bodies = [b"\1", column, end, *[b"\xfb"] * 300_000, end]
    return b"".join(packet(number % 256, one) for number, one in enumerate(bodies, 1))
