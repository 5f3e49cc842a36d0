"""libpq's connection, made in steps, so that it is watched from the first byte."""
import selectors
import time
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from ..watch import Watch

WAITS = {pq.PollingStatus.READING: selectors.EVENT_READ,
         pq.PollingStatus.WRITING: selectors.EVENT_WRITE}


def connect(watch: Watch, timeout_sec: float, **parameters: Any) -> psycopg.Connection[Any]:
    """A connection by libpq's parameters.

    :param timeout_sec: how long it may take in all.
    :raises psycopg.OperationalError: there is none.
    """
    raw = pq.PGconn.connect_start(make_conninfo("", **parameters).encode())
    deadline = time.monotonic() + timeout_sec
    watched, state = -1, pq.PollingStatus.WRITING
    while state in WAITS and raw.status != pq.ConnStatus.BAD:
        if raw.socket != watched:       # libpq opens another one when it tries again
            watched = raw.socket
            watch.add(watched)
        left = deadline - time.monotonic()
        if left < 0 or not _ready(watched, WAITS[state], left):
            raw.finish()
            raise psycopg.OperationalError(f"no connection within {timeout_sec:g} s")
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
