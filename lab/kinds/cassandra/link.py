"""One member's link to one other: gossip, writes and reads between members.

Stands for internode messaging and gossip ("Gossip" in Cassandra's manual): a peer is up as long as
it answers; silence for `FAILURE_SEC` or its own word that it shuts down makes it down. Each member
judges for itself. Quicker than a real one (1 s a round, about 10 s to a verdict).
"""
import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any

from .ring import Place

GOSSIP_SEC = 0.2
FAILURE_SEC = 1.5


class Link:
    """From this member to `peer`.

    :ivar alive: whether this member holds the peer for up.
    :ivar state: what the peer last said of itself.
    """

    def __init__(self, peer: Place, port: int, own_state: Callable[[], dict[str, Any]],
                 changed: Callable[["Link"], None]):
        self.peer, self.alive, self.state = peer, False, {}
        self.tried = asyncio.Event()
        self._port, self._own_state, self._changed = port, own_state, changed
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future] = {}
        self._numbers = itertools.count()

    async def keep(self) -> None:
        """Connect, and connect again, until cancelled."""
        while True:
            with contextlib.suppress(OSError, ValueError):
                await self._talk()
            self.mark(False)
            self.tried.set()
            await asyncio.sleep(GOSSIP_SEC)

    async def call(self, verb: str, **what: Any) -> Any:
        """The peer's answer; ConnectionError or TimeoutError when there is none."""
        if self._writer is None:
            raise ConnectionError(f"no link to {self.peer.address}")
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._writer.write(json.dumps({"id": number, "verb": verb, **what}).encode() + b"\n")
            return await asyncio.wait_for(future, FAILURE_SEC)
        finally:
            self._waiting.pop(number, None)

    def mark(self, alive: bool) -> None:
        """What this member thinks of the peer from now on."""
        if alive != self.alive:
            self.alive = alive
            self._changed(self)

    async def _talk(self) -> None:
        reader, self._writer = await asyncio.wait_for(
            asyncio.open_connection(self.peer.address, self._port, limit=2 ** 20), FAILURE_SEC)
        listening = asyncio.create_task(self._listen(reader))
        try:
            while not listening.done():
                self.state = await self.call("gossip", of=self._own_state())
                self.mark(self.state["status"] == "NORMAL")
                self.tried.set()
                await asyncio.wait({listening}, timeout=GOSSIP_SEC)
        finally:
            listening.cancel()
            self._writer.close()
            self._writer = None

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Hands out answers until the peer has gone; then all who wait learn it at once."""
        try:
            while line := await reader.readline():
                answer = json.loads(line)
                future = self._waiting.get(answer["id"])
                if future and not future.done():
                    future.set_result(answer["is"])
        except (OSError, ValueError):
            return
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(ConnectionError(f"{self.peer.address} has gone"))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                answer: Callable[[dict], Any]) -> None:
    """The other end: answers each line until the peer has gone."""
    with contextlib.suppress(OSError, ValueError, asyncio.CancelledError):
        while line := await reader.readline():
            asked = json.loads(line)
            writer.write(json.dumps({"id": asked["id"], "is": answer(asked)}).encode() + b"\n")
            await writer.drain()
    writer.close()
