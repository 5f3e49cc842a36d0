"""The commands of `mongos`: it keeps nothing, and sends each command where it belongs.

After "mongos", "Retryable Writes" (a router tries again by itself where that is safe), and the
pages of listShards, addShard, getShardMap, balancerStatus, balancerStop, balancerStart,
getDefaultRWConcern and setFeatureCompatibilityVersion. Documents are spread by a hash of `_id` (see
`place`).
"""
import asyncio
import contextlib
import time
import zlib
from typing import Any

from . import releases
from .base import Server, cursor
from .storage import FCV
from .wire import CommandError, Document, Peer, Session

PATIENCE_SEC = 15.0         # how long a router looks for a primary (real: 20 s)
PASSING = {91, 189, 10107, 11600, 11602, 13435, 13436}
OURS = ("$clusterTime", "$clusterKey", "$readPreference")


def place(key: Any, shards: int) -> int:
    """The shard, from 0 on, that keeps the document with this `_id`."""
    return zlib.crc32(str(key).encode()) % shards


class Group:
    """A replica set as a router sees it: it finds the primary and asks it."""

    def __init__(self, name: str, hosts: list[str], key: str):
        self.name, self.hosts = name, hosts
        self._peers = {host: Peer(host, key) for host in hosts}
        self._primary = ""

    async def ask(self, command: Document, again: bool = True) -> Document:
        """The primary's reply; CommandError when it refuses, or when there is none in time.

        :param again: ask a new primary when the old one went while it was asked.
        """
        deadline = time.monotonic() + PATIENCE_SEC
        while True:
            reply = await self._try(command)
            if reply and reply.get("ok"):
                return {key: value for key, value in reply.items() if key != "ok"}
            tried = bool(reply) and reply["code"] not in PASSING
            if tried or time.monotonic() > deadline or not (again or not self._primary):
                raise _refusal(reply, self.name)
            self._primary = ""
            await asyncio.sleep(0.03)

    def close(self) -> None:
        for peer in self._peers.values():
            peer.end()

    async def _try(self, command: Document) -> Document | None:
        host = self._primary or await self._find()
        if not host:
            return None
        try:
            return await self._peers[host].ask(command, 30.0)
        except OSError:
            self._peers[host].close()
            return None

    async def _find(self) -> str:
        async def leads(host: str) -> bool:
            try:
                answer = await self._peers[host].ask({"hello": 1}, 1.0)
            except OSError:
                self._peers[host].close()
                return False
            return bool(answer.get("isWritablePrimary"))
        found = await asyncio.gather(*map(leads, self.hosts))
        self._primary = next((host for host, yes in zip(self.hosts, found, strict=True) if yes), "")
        return self._primary


class Mongos(Server):
    """config: also configdb, "SET/HOST,HOST"."""

    def __init__(self, config, release):
        super().__init__(config, release)
        self._config = self._group(config["configdb"])
        self._shards: list[Group] = []
        self._known = 0.0

    async def start(self) -> None:
        """Return when the config servers answer; refuse a cluster that is ahead of this binary."""
        found = None
        while found is None:
            with contextlib.suppress(CommandError):
                found = await self._config.ask({"getParameter": 1, FCV: 1})
        version = found[FCV]["version"]
        if not releases.can_read(self.series, version):
            raise CommandError(188, "IncompatibleServerVersion", f"This cluster is at {version}; "
                               f"mongos {self.release} can't serve it")

    async def close(self) -> None:
        for group in (self._config, *self._shards):
            group.close()

    def greeting(self) -> Document:
        return {"isWritablePrimary": True, "msg": "isdbgrid"}

    # Sharding
    async def do_addShard(self, command: Document, session: Session) -> Document:
        group = self._group(command["addShard"])
        answer = await group.ask({"hello": 1})
        group.close()
        name, hosts = group.name, ",".join(answer["hosts"])
        row = {"host": f"{name}/{hosts}", "state": 1}
        await self._config.ask({"update": "shards", "$db": "config", "updates": [
            {"q": {"_id": name}, "u": row, "upsert": True}]})
        self._known = 0.0
        return {"shardAdded": name}

    async def do_listShards(self, command: Document, session: Session) -> Document:
        return {"shards": await self._rows()}

    async def do_getShardMap(self, command: Document, session: Session) -> Document:
        rows = {row["_id"]: row["host"] for row in await self._rows()}
        return {"map": {"config": self.config["configdb"], **rows}}

    async def do_setFeatureCompatibilityVersion(self, command: Document,
                                                session: Session) -> Document:
        """First the config servers, then every shard."""
        message = {key: value for key, value in command.items() if key in (
            "setFeatureCompatibilityVersion", "confirm")}
        for group in (self._config, *await self._groups()):
            await group.ask(message)
        return {}

    async def do_getDefaultRWConcern(self, command: Document, session: Session) -> Document:
        """Nobody sets another here than the one that 5.0 and later have by themselves."""
        return {"defaultWriteConcern": {"w": "majority", "wtimeout": 0},
                "defaultWriteConcernSource": "implicit"}

    async def do_balancerStatus(self, command: Document, session: Session) -> Document:
        return await self._config.ask({"_configsvrBalancerStatus": 1})

    async def do_balancerStop(self, command: Document, session: Session) -> Document:
        return await self._config.ask({"_configsvrBalancerStop": 1})

    async def do_balancerStart(self, command: Document, session: Session) -> Document:
        return await self._config.ask({"_configsvrBalancerStart": 1})

    # Data
    async def do_insert(self, command: Document, session: Session) -> Document:
        groups = await self._groups()
        parts: dict[int, list[Document]] = {}
        for one in command["documents"]:
            parts.setdefault(place(one["_id"], len(groups)), []).append(one)
        reply: Document = {"n": 0}
        for number, documents in parts.items():
            answer = await groups[number].ask({**_plain(command), "documents": documents},
                                              again="txnNumber" in command)
            reply["n"] += answer["n"]
            if "writeErrors" in answer:
                reply["writeErrors"] = answer["writeErrors"]
                break
        return reply

    async def do_update(self, command: Document, session: Session) -> Document:
        """Of one document."""
        update, = command["updates"]
        groups = await self._groups()
        return await groups[place(update["q"]["_id"], len(groups))].ask(
            _plain(command), again="txnNumber" in command)

    async def do_find(self, command: Document, session: Session) -> Document:
        groups = await self._groups()
        key = command.get("filter", {}).get("_id")
        if key is not None and not isinstance(key, dict):
            groups = [groups[place(key, len(groups))]]
        answers = await asyncio.gather(*(group.ask(_plain(command)) for group in groups))
        found = [one for answer in answers for one in answer["cursor"]["firstBatch"]]
        return cursor(f"{command['$db']}.{command['find']}", found[:command.get("limit") or None])

    async def _rows(self) -> list[Document]:
        found = await self._config.ask({"find": "shards", "$db": "config"})
        return sorted(found["cursor"]["firstBatch"], key=lambda row: row["_id"])

    async def _groups(self) -> list[Group]:
        """The shards; read anew when the list is older than a few seconds."""
        if time.monotonic() - self._known > 5 or not self._shards:
            there = {group.name: group for group in self._shards}
            self._shards = [there.get(row["_id"]) or self._group(row["host"])
                            for row in await self._rows()]
            self._known = time.monotonic()
        if not self._shards:
            raise CommandError(70, "ShardNotFound", "No shards found")
        return self._shards

    def _group(self, text: str) -> Group:
        name, _, hosts = text.partition("/")
        return Group(name, hosts.split(","), self.config["key"])


def _plain(command: Document) -> Document:
    return {key: value for key, value in command.items() if key not in OURS}


def _refusal(reply: Document | None, name: str) -> CommandError:
    if reply:
        return CommandError(reply["code"], reply["codeName"], reply["errmsg"],
                            tuple(reply.get("errorLabels", ())))
    return CommandError(133, "FailedToSatisfyReadPreference",
                        f"Could not find host matching read preference for set {name}",
                        ("RetryableWriteError",))
