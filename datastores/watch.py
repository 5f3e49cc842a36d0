"""What one member may cost who is asked: seconds in all, and bytes.

Client libraries bound the wait for the next byte, if anything, and believe the lengths that a
server tells. So their connections are watched from outside, by what the kernel counts, and shut
when a bound is passed: then the library sees that the connection has ended.
"""
import contextlib
import os
import socket
import struct
import threading
import time
from typing import Self

# Several times what a large cluster's longest answer takes. In memory it may be fifty times as much
# or more: a row of one empty column is 5 bytes for a server, and a dictionary for us.
LIMIT_BYTES = 2 ** 20
PAUSE_SEC = 0.005               # between two looks; a fast server can send some more MB meanwhile
RECEIVED = struct.Struct("@128xQ")      # tcpi_bytes_received in Linux's struct tcp_info (4.1)


class Watch:
    """The bounds of one question, for the time of a ``with`` block.

    :ivar reason: what was too much, as the end of a sentence that begins with the member's name;
        empty as long as nothing was.
    """

    def __init__(self, seconds: float, limit_bytes: int = LIMIT_BYTES):
        """:param seconds: how long all connections of the block may last, from now on.
        :param limit_bytes: how much all of them together may receive.
        """
        self.reason = ""
        self._seconds, self._limit = seconds, limit_bytes
        self._deadline = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock, self._over = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        with self._lock:
            for one in self._sockets:
                one.close()

    def add(self, number: int) -> None:
        """Watch this connection too; it stays the caller's to close.

        :param number: of its socket, as ``fileno()`` tells it.
        """
        # A number of our own: the library's may be another file's by the time we look.
        own = socket.socket(fileno=os.dup(number))
        with self._lock:
            if self._over.is_set():     # a thread of the library is late
                _shut(own)
                own.close()
                return
            self._sockets.append(own)
            if self.reason:
                _shut(own)

    def _run(self) -> None:
        while not self.reason and not self._over.wait(PAUSE_SEC):
            if time.monotonic() > self._deadline:
                self._cut(f"has not answered in full within {self._seconds:g} s")
            elif self._received() > self._limit:
                self._cut(f"has sent more than {self._limit} bytes")

    def _received(self) -> int:
        with self._lock:
            return sum(_received(one) for one in self._sockets)

    def _cut(self, reason: str) -> None:
        with self._lock:
            self.reason = reason
            for one in self._sockets:
                _shut(one)


def _received(one: socket.socket) -> int:
    info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, RECEIVED.size)
    return RECEIVED.unpack(info)[0] if len(info) == RECEIVED.size else 0


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):      # it was never connected, or is over
        one.shutdown(socket.SHUT_RDWR)
