"""How a member writes and reads for its clients.

Stands for StorageProxy: enough replicas must be up before anything is done, as many must answer as
the consistency level says, who did not gets a hint, and a read repairs replicas that were behind.
"""
import asyncio
import struct
from typing import TYPE_CHECKING, Any

from .protocol import READ_TIMEOUT, UNAVAILABLE, WRITE_TIMEOUT, CqlError, string
from .ring import needed
from .storage import Cell

if TYPE_CHECKING:
    from .node import Node


class Coordinator:
    """Of one member."""

    def __init__(self, node: "Node"):
        self._node = node

    async def write(self, key: str, value: str, written: int, consistency: int) -> None:
        """Returns when as many replicas as asked for have it in their commit logs."""
        near, away, enough = self._replicas(key, consistency)
        for address in away:
            self._node.storage.hint(address, key, value, written)
        acknowledged = await self._enough(
            [self._node.later(self._write(one, key, value, written)) for one in near], enough)
        if len(acknowledged) < enough:
            raise CqlError(WRITE_TIMEOUT, "Operation timed out", struct.pack(
                ">Hii", consistency, len(acknowledged), enough) + string("SIMPLE"))

    async def read(self, key: str, consistency: int) -> str | None:
        """The newest value among as many replicas as asked for."""
        near, _, enough = self._replicas(key, consistency)
        answers = await self._enough(
            [self._node.later(self._read(one, key)) for one in near], enough)
        if len(answers) < enough:
            raise CqlError(READ_TIMEOUT, "Operation timed out", struct.pack(
                ">HiiB", consistency, len(answers), enough, 1))
        newest = max((cell for _, cell in answers if cell), key=lambda cell: (cell[1], cell[0]),
                     default=None)
        if newest is None:
            return None
        for address, cell in answers:
            if cell != newest:
                self._node.later(self._write(address, key, *newest))
        return newest[0]

    async def hand_off(self, address: str) -> None:
        """Give a peer that is back what was kept for it."""
        for key, value, written in self._node.storage.take_hints(address):
            await self._write(address, key, value, written)

    def _replicas(self, key: str, consistency: int) -> tuple[list[str], list[str], int]:
        """Replicas that are up, those that are not, and how many must answer."""
        every = [one.address for one in self._node.conf.replicas(key)]
        near = [one for one in every if self._is_up(one)]
        enough = needed(consistency, len(every))
        if len(near) < enough:
            raise CqlError(UNAVAILABLE, "Cannot achieve consistency level",
                           struct.pack(">Hii", consistency, enough, len(near)))
        return near, [one for one in every if one not in near], enough

    def _is_up(self, address: str) -> bool:
        link = self._node.links.get(address)
        return link is None or link.alive

    async def _write(self, address: str, key: str, value: str, written: int) -> bool:
        """True when it is there; else it is kept as a hint."""
        link = self._node.links.get(address)
        if link is None:
            self._node.storage.apply(key, value, written)
            return True
        try:
            await link.call("write", key=key, value=value, written=written)
            return True
        except OSError:
            self._node.storage.hint(address, key, value, written)
            return False

    async def _read(self, address: str, key: str) -> tuple[str, Cell | None] | None:
        link = self._node.links.get(address)
        if link is None:
            return address, self._node.storage.read(key)
        try:
            found = await link.call("read", key=key)
        except OSError:
            return None
        return address, tuple(found) if found else None

    @staticmethod
    async def _enough(tasks: list[asyncio.Task], enough: int) -> list[Any]:
        """The first good answers; the others go on by themselves."""
        good = []
        for task in asyncio.as_completed(tasks):
            if answer := await task:
                good.append(answer)
            if len(good) >= enough:
                break
        return good
