"""One member: `python -m trove_upgrade.lab.kinds.cassandra.node --version 4.1.9 DIRECTORY`.

Stands for a Cassandra server as an upgrade and its clients see it: any member coordinates writes
and reads for the replicas, keeps hints for those that are away and repairs what it reads ("Dynamo"
in Cassandra's manual), tells clients who is up, drains at SIGTERM, and does not start on files of
another format. DIRECTORY holds cassandra.json (ring.Configuration) and all data; a file `tasks` in
it stands for what somebody started by nodetool, one kind of task a line.
"""
import argparse
import asyncio
import contextlib
import functools
import signal
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from . import link, ring
from .coordinator import Coordinator
from .session import Session
from .storage import Storage, StorageError
from .tables import Tables

SCHEMA = uuid.UUID("5d0e7f7c-6a0c-4f5b-9d9c-0b7a2f3c1e4d")


class Node:
    """What the parts of a member share.

    :ivar links: to each other member, by address.
    """

    def __init__(self, directory: Path, version: str):
        self.conf = ring.Configuration.load(directory)
        self.version, self.generation = version, _generation(directory / "generation")
        self.series = tuple(int(part) for part in version.split(".")[:2])
        self.storage = Storage(directory, version, self.conf.mode)
        self.tables, self.coordinator = Tables(self), Coordinator(self)
        self.sessions: set[Session] = set()
        self.links = {one.address: link.Link(one, self.conf.bus_port, self.state, self._changed)
                      for one in self.conf.peers}
        self._directory, self._heartbeat, self._status = directory, 0, "NORMAL"
        self._background: set[asyncio.Task] = set()

    def state(self) -> dict[str, Any]:
        """What gossip tells of this member. Releases differ in their system tables and so in the
        version of their schema."""
        self._heartbeat += 1
        return {"address": self.conf.address, "version": self.version, "status": self._status,
                "schema": str(uuid.uuid5(SCHEMA, str(self.series))),
                "generation": self.generation, "heartbeat": self._heartbeat}

    def tasks(self) -> list[str]:
        """What runs here because somebody started it."""
        path = self._directory / "tasks"
        return path.read_text(encoding="utf-8").split("\n") if path.exists() else []

    def later(self, work) -> asyncio.Task:
        """A task that nobody waits for."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def run(self) -> None:
        """Serve until SIGTERM; then drain."""
        self.storage.open()
        over = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
        inside = await asyncio.start_server(
            functools.partial(link.serve, answer=self._answer), self.conf.address,
            self.conf.bus_port, limit=2 ** 20)
        keeping = [asyncio.create_task(one.keep()) for one in self.links.values()]
        await asyncio.gather(*(one.tried.wait() for one in self.links.values()))
        outside = await asyncio.start_server(self._accept, self.conf.address, self.conf.port)
        print(f"Starting listening for CQL clients on {self.conf.address}", flush=True)
        await over.wait()
        outside.close()
        await self._drain()
        for task in keeping:
            task.cancel()
        inside.close()

    async def _accept(self, reader, writer) -> None:
        session = Session(self, reader, writer)
        self.sessions.add(session)
        try:
            await session.serve()
        finally:
            self.sessions.discard(session)

    async def _drain(self) -> None:
        """Clients first, so that none waits for an answer that will not come; then the files."""
        for session in list(self.sessions):
            await session.end()
        self._status = "shutdown"
        with contextlib.suppress(OSError):
            await asyncio.gather(*(one.call("gossip", of=self.state())
                                   for one in self.links.values() if one.alive))
        self.storage.drain()

    def _answer(self, asked: dict[str, Any]) -> Any:
        """What another member asks of this one."""
        if asked["verb"] == "write":
            self.storage.apply(asked["key"], asked["value"], asked["written"])
            return True
        if asked["verb"] == "read":
            return self.storage.read(asked["key"])
        other = asked["of"]
        if abs(int(other["version"].split(".")[0]) - self.series[0]) > 1:
            raise ValueError(f"{other['address']} speaks an incompatible messaging version")
        if other["status"] != "NORMAL" and other["address"] in self.links:
            self.links[other["address"]].mark(False)
        return self.state()

    def _changed(self, of: link.Link) -> None:
        for session in self.sessions:
            session.tell_status("UP" if of.alive else "DOWN", of.peer.address)
        if of.alive:
            self.later(self.coordinator.hand_off(of.peer.address))


def _generation(path: Path) -> int:
    """Greater at each start: the time in seconds, or one more than the last."""
    last = int(path.read_text()) if path.exists() else 0
    path.write_text(str(max(last + 1, int(time.time()))))
    return int(path.read_text())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", required=True)
    parser.add_argument("directory", type=Path)
    asked = parser.parse_args()
    try:
        asyncio.run(Node(asked.directory, asked.version).run())
    except StorageError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
