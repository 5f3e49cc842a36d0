"""The nodes among themselves: who is there, who keeps which row, and recovery from buddies.

Stands for Vertica's spread daemon and its K-safety 1 ("K-Safety", manual of 11.0): each segment of
the data is kept by two neighbours; the database is up while more than half of the nodes are and
every segment has a node; a node that comes later recovers from its buddies before it is UP. Nodes
of another version do not count.
"""
import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable, Iterable

from .store import Store

DOWN, INITIALIZING, RECOVERING, UP, SHUTDOWN = \
    "DOWN", "INITIALIZING", "RECOVERING", "UP", "SHUTDOWN"
THERE = (INITIALIZING, RECOVERING, UP)
KEEPING = (RECOVERING, UP)
ASK_SEC, POLL_SEC = 1.0, 0.1


class Unsafe(Exception):
    """Too few nodes are there to answer."""


class Ring:
    """One node's place among all.

    on_shutdown: called when another node shuts the database down; True when this one must end.
    """

    def __init__(self, address: str, bus_port: int, nodes: list[str], store: Store,
                 on_shutdown: Callable[[bool], Awaitable[None]]):
        self.address, self._port, self.nodes, self.store = address, bus_port, nodes, store
        self.states = dict.fromkeys(nodes, DOWN)
        self.states[address] = INITIALIZING
        self._on_shutdown = on_shutdown

    async def serve(self) -> None:
        """Answer the other nodes from now on."""
        await asyncio.start_server(self._answer, self.address, self._port)

    async def join(self) -> None:
        """Wait until the database can be up with this node, recover, and be UP."""
        while not await self._can_be_up():
            await asyncio.sleep(POLL_SEC)
        await self.become(RECOVERING)
        await self._recover()
        await self.become(UP)

    async def become(self, state: str) -> None:
        """Tell all that are there, so that none of them misses what this node must get."""
        self.states[self.address] = state
        await self._ask_all({"ask": "see", "node": self.address, "state": state})

    async def look(self) -> None:
        """See anew who is there."""
        answers = await self._ask_all({"ask": "state"})
        for node, answer in answers.items():
            same = answer is not None and answer["version"] == self.store.version
            self.states[node] = answer["state"] if same else DOWN

    def is_safe(self) -> bool:
        """Most nodes are there, and each segment has one of its two."""
        there = [node for node in self.nodes if self.states[node] in THERE]
        covered = all(any(self.states[node] in THERE for node in self._pair(segment))
                      for segment in range(len(self.nodes)))
        return 2 * len(there) > len(self.nodes) and covered

    async def keep(self, rows: dict[str, str]) -> None:
        """Returns when all nodes that must have them and are there do; Unsafe when none has."""
        for key, value in rows.items():
            kept: set[str] = set()
            # A node that begins to recover meanwhile must get it, too.
            while missing := [node for node in self.owners(key)
                              if self.states[node] in KEEPING and node not in kept]:
                for node in missing:
                    kept |= {node} if await self._keep_at(node, {key: value}) else set()
            if not kept or await self._is_ending(kept, key):
                raise Unsafe("not all nodes that must keep the row are there")

    async def _is_ending(self, kept: set[str], key: str) -> bool:
        """Whether a row that not every owner has must not be acknowledged: while the database is
        being shut down, or with too few nodes, nobody could give it to the others."""
        if kept != set(self.owners(key)):
            await self.look()
        return SHUTDOWN in self.states.values() or not self.is_safe()

    async def fetch(self, keys: Iterable[str]) -> dict[str, str]:
        """Rows of these keys, each from a node that is UP."""
        found: dict[str, str] = {}
        wanted: dict[str, list[str]] = {}
        for key in keys:
            up = [node for node in self.owners(key) if self.states[node] == UP]
            if not up:
                raise Unsafe("no node that keeps the row is up")
            wanted.setdefault(self.address if self.address in up else up[0], []).append(key)
        for node, listed in wanted.items():
            found |= await self._rows_at(node, listed)
        return found

    async def shut_down_others(self) -> None:
        """First none of them acknowledges a write any more, then all of them end."""
        await self._ask_all({"ask": "shutdown", "end": False})
        await self._ask_all({"ask": "shutdown", "end": True})

    def owners(self, key: str) -> list[str]:
        return self._pair(zlib.crc32(key.encode()) % len(self.nodes))

    def _pair(self, segment: int) -> list[str]:
        """The segment's node and its buddy; one node alone has none."""
        pair = [self.nodes[segment], self.nodes[(segment + 1) % len(self.nodes)]]
        return list(dict.fromkeys(pair))

    async def _can_be_up(self) -> bool:
        await self.look()
        return self.is_safe()

    async def _recover(self) -> None:
        """Get what was written while this node was away; nobody changes or deletes a row here."""
        for node, answer in (await self._ask_all({"ask": "all"})).items():
            if answer is not None and self.states[node] in THERE:
                self.store.keep({key: value for key, value in answer["rows"].items()
                                 if self.address in self.owners(key)})

    async def _keep_at(self, node: str, rows: dict[str, str]) -> bool:
        if node == self.address:
            self.store.keep(rows)
            return True
        answer = await self._ask(node, {"ask": "keep", "rows": rows})
        if answer is None or not answer["kept"]:
            self.states[node] = DOWN        # out of the cluster until it recovers
            return False
        return True

    async def _rows_at(self, node: str, keys: list[str]) -> dict[str, str]:
        if node == self.address:
            return {key: self.store.rows[key] for key in keys if key in self.store.rows}
        answer = await self._ask(node, {"ask": "rows", "keys": keys})
        if answer is None:
            raise Unsafe("a node went away")
        return answer["rows"]

    async def _ask_all(self, question: dict) -> dict[str, dict | None]:
        others = [node for node in self.nodes if node != self.address]
        answers = await asyncio.gather(*(self._ask(node, question) for node in others))
        return dict(zip(others, answers, strict=True))

    async def _ask(self, node: str, question: dict) -> dict | None:
        """One question on a connection of its own; None when there is no answer."""
        try:
            async with asyncio.timeout(ASK_SEC):
                reader, writer = await asyncio.open_connection(node, self._port, limit=1 << 26)
                try:
                    writer.write(json.dumps(question).encode() + b"\n")
                    line = await reader.readline()
                finally:
                    writer.close()
            return json.loads(line) if line else None
        except (OSError, TimeoutError, ValueError):
            return None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            question = json.loads(await reader.readline())
            writer.write(json.dumps(await self._reply(question)).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError):
            pass                             # who asked is gone
        finally:
            writer.close()

    async def _reply(self, question: dict) -> dict:
        state = self.states[self.address]
        match question["ask"]:
            case "see":
                self.states[question["node"]] = question["state"]
            case "keep":
                kept = state in KEEPING
                if kept:
                    self.store.keep(question["rows"])
                return {"kept": kept}
            case "rows":
                return {"rows": await self._rows_at(self.address, question["keys"])}
            case "all":
                return {"rows": self.store.rows}
            case "shutdown":
                await self._on_shutdown(question["end"])
        return {"version": self.store.version, "state": self.states[self.address]}
