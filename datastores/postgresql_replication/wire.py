"""libpq's connection, made in steps, so that it is watched from the first byte."""
import contextlib
import os
import re
import selectors
import socket
import time
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from ..watch import Watch

WAITS = {pq.PollingStatus.READING: selectors.EVENT_READ,
         pq.PollingStatus.WRITING: selectors.EVENT_WRITE}

# How often SCRAM hashes the password is the server's to say, and libpq does so without an end and
# without letting any other thread run. PostgreSQL's default is 4096. libpq reads the number as C
# does: after white space, a sign and zeros.
ROUNDS = re.compile(rb",i=[\s+0]*(\d{1,10})")
LIMIT_ROUNDS = 1_000_000
UNREAD_BYTES = 8192     # several times what libpq accepts as a message of a login
PAUSE_SEC = 0.005


def connect(watch: Watch, timeout_sec: float, **parameters: Any) -> psycopg.Connection[Any]:
    """A connection by libpq's parameters.

    :param timeout_sec: how long it may take in all.
    :raises psycopg.OperationalError: there is none, or its login would take too long.
    """
    raw = pq.PGconn.connect_start(make_conninfo("", **parameters).encode())
    deadline = time.monotonic() + timeout_sec
    clear = parameters.get("sslmode") == "disable"
    watched, heard, state = -1, b"", pq.PollingStatus.WRITING
    while state in WAITS and raw.status != pq.ConnStatus.BAD:
        if raw.socket != watched:       # libpq opens another one when it tries again
            watched = raw.socket
            watch.add(watched)
        left = deadline - time.monotonic()      # what is never whole is there, and never read
        if left < 0 or not _ready(watched, WAITS[state], left):
            raw.finish()
            raise psycopg.OperationalError(f"no connection within {timeout_sec:g} s")
        unread = _unread(watched)
        if clear and _is_part(unread):  # libpq would also read what comes after this look
            time.sleep(PAUSE_SEC)
            continue
        heard = (heard + unread)[-UNREAD_BYTES:]
        if any(int(rounds) > LIMIT_ROUNDS for rounds in ROUNDS.findall(heard)):
            raw.finish()
            raise psycopg.OperationalError("it wants the password hashed too often")
        state = pq.PollingStatus(raw.connect_poll())
    if state != pq.PollingStatus.OK:
        words = raw.get_error_message()
        raw.finish()
        raise psycopg.OperationalError(words)
    raw.nonblocking = 1
    return psycopg.Connection(raw)


def _ready(number: int, event: int, seconds: float) -> bool:
    """Whether the socket can be read or written within so many seconds."""
    with selectors.DefaultSelector() as selector:
        selector.register(number, event)
        return bool(selector.select(max(0.0, seconds)))


def _is_part(unread: bytes) -> bool:
    """Whether a message has begun: a letter, its length in four bytes, and what is that long."""
    if not unread or len(unread) == UNREAD_BYTES:
        return False
    return len(unread) < 1 + max(4, int.from_bytes(unread[1:5]))


def _unread(number: int) -> bytes:
    """What the server has said and libpq will read next.

    With TLS it can't be understood; then the server has a certificate of the operator's choice.
    """
    with socket.socket(fileno=os.dup(number)) as own, contextlib.suppress(OSError):
        return own.recv(UNREAD_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    return b""
