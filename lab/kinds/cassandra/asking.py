"""What a member says, asked by a few plain messages.

Also runs in Trove's process: sockets that eventlet has made green, and no threads, as the stock
client would need.
"""
import ipaddress
import socket
import struct

from . import protocol
from .protocol import Body

TIMEOUT_SEC = 1.0
Cells = list[bytes | None]


class Refused(Exception):
    """The member answered with an error."""


def facts(address: str, settings) -> dict:
    """`{role, version, in_sync, cluster_ok}` by the member's own word; {} when it is silent."""
    try:
        with socket.create_connection((address, settings.port), TIMEOUT_SEC) as wire:
            _log_in(wire, settings.password)
            version = _select(wire, "SELECT release_version FROM system.local")[0][0] or b""
            whole = version < b"4" or all(_links(wire).values())    # 3.x has no table that tells
    except (OSError, Refused):
        return {}
    return {"role": "member", "version": version.decode(), "in_sync": True, "cluster_ok": whole}


def links(address: str, settings) -> dict[str, bool]:
    """Which others the member holds for up, by address."""
    with socket.create_connection((address, settings.port), TIMEOUT_SEC) as wire:
        _log_in(wire, settings.password)
        return _links(wire)


def _links(wire: socket.socket) -> dict[str, bool]:
    found = _select(wire, "SELECT address, active_connections FROM "
                          "system_views.internode_outbound")
    return {str(ipaddress.ip_address(host or b"")): any(count or b"") for host, count in found}


def _log_in(wire: socket.socket, password: str) -> None:
    options = struct.pack(">H", 1) + protocol.string("CQL_VERSION") + protocol.string("3.4.5")
    opcode, _ = _ask(wire, protocol.STARTUP, options)
    if opcode == protocol.AUTHENTICATE:
        _ask(wire, protocol.AUTH_RESPONSE,
             protocol.value(b"\0cassandra\0" + password.encode()))


def _select(wire: socket.socket, text: str) -> list[Cells]:
    """Rows of a statement that names its columns, which are all of plain types."""
    data = text.encode()
    _, body = _ask(wire, protocol.QUERY, struct.pack(">i", len(data)) + data
                   + struct.pack(">HB", 1, 0))
    body.number("i")
    body.number("i")
    columns = body.number("i")
    body.string()
    body.string()
    for _ in range(columns):
        body.string()
        body.number("H")
    return [[body.value() for _ in range(columns)] for _ in range(body.number("i"))]


def _ask(wire: socket.socket, opcode: int, body: bytes) -> tuple[int, Body]:
    wire.sendall(protocol.frame(0, opcode, body, sender=0))
    _, _, _, answer, length = struct.unpack(">BBhBI", _exactly(wire, 9))
    found = Body(_exactly(wire, length))
    if answer == protocol.ERROR:
        found.number("i")
        raise Refused(found.string())
    return answer, found


def _exactly(wire: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = wire.recv(size - len(data))
        if not part:
            raise ConnectionError("it closed the connection")
        data += part
    return data
