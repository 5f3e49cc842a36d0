"""What `mongod` and `mongos` answer alike."""
import asyncio
import contextlib
import datetime
import os
import time
from typing import Any

from bson import ObjectId
from bson.int64 import Int64

from . import login, releases
from .wire import CommandError, Document, Session

OPEN = {"hello", "ismaster", "isMaster", "ping", "buildInfo", "buildinfo", "saslStart",
        "saslContinue", "getnonce", "endSessions"}
QUIESCE_SEC = 0.2       # a stopping server refuses new work for so long (real: 15 s)


class Server:
    """One process of either kind; a command NAME is answered by the method do_NAME.

    :ivar config: host, port, key, user, password, and what the kind needs.
    """

    def __init__(self, config: dict[str, Any], release: str):
        self.config, self.release = config, release
        self.series = releases.series_of(release)
        self.me = f"{config['host']}:{config['port']}"
        self.process = ObjectId()
        self.begun = time.time()
        self.stopping = False

    async def handle(self, command: Document, session: Session) -> Document:
        """Any command; a refusal is a reply, too."""
        try:
            return {**await self._answer(command, session), "ok": 1.0}
        except CommandError as error:
            return error.as_reply()

    async def _answer(self, command: Document, session: Session) -> Document:
        name = next(iter(command))
        self._check_stays()
        internal = command.get("$clusterKey", "") == self.config["key"]
        if self.config["password"] and not (internal or session.user or name in OPEN):
            raise CommandError(13, "Unauthorized", f"Command {name} requires authentication")
        method = getattr(self, f"do_{name}", None)
        if method is None:
            raise CommandError(59, "CommandNotFound", f"no such command: '{name}'")
        return await method(command, session)

    def _check_stays(self) -> None:
        """A server that is about to end says so to every hello too, so that clients turn away."""
        if self.stopping:
            raise CommandError(91, "ShutdownInProgress", "The server is in quiesce mode and will "
                               "shut down", ("RetryableWriteError",))

    async def stop(self) -> None:
        """As on SIGTERM: refuse new work, let the old end."""
        self.stopping = True

    async def close(self) -> None:
        """End what goes on in the background, and the connections to other servers."""
        raise NotImplementedError

    # hello
    def greeting(self) -> Document:
        """What hello says of this server's part."""
        raise NotImplementedError

    def changes(self) -> int:
        """Counts up whenever the greeting changes."""
        return int(self.stopping)

    async def await_change(self) -> None:
        """Return when the greeting may have changed."""
        await asyncio.sleep(0.1)

    async def do_hello(self, command: Document, session: Session) -> Document:
        """Answers at once, or, when asked with the last answer's topologyVersion, when there is
        something new."""
        known = command.get("topologyVersion")
        if known and known.get("processId") == self.process:
            deadline = time.monotonic() + command.get("maxAwaitTimeMS", 0) / 1000
            while known["counter"] == self.changes() and time.monotonic() < deadline:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.await_change(), deadline - time.monotonic())
        self._check_stays()
        greeting = self.greeting()
        if "saslSupportedMechs" in command:
            greeting["saslSupportedMechs"] = ["SCRAM-SHA-256"]
        return {"helloOk": True, "ismaster": greeting["isWritablePrimary"], **greeting,
                "topologyVersion": {"processId": self.process, "counter": Int64(self.changes())},
                "maxBsonObjectSize": 2 ** 24, "maxMessageSizeBytes": 48000000,
                "maxWriteBatchSize": 100000, "localTime": now(), "connectionId": session.number,
                "logicalSessionTimeoutMinutes": 30, "minWireVersion": 0,
                "maxWireVersion": releases.WIRE[self.series], "readOnly": False}

    do_ismaster = do_isMaster = do_hello

    # Of every server
    async def do_ping(self, command: Document, session: Session) -> Document:
        return {}

    async def do_endSessions(self, command: Document, session: Session) -> Document:
        return {}

    async def do_buildInfo(self, command: Document, session: Session) -> Document:
        numbers = [int(part) for part in self.release.split(".")]
        return {"version": self.release, "versionArray": [*numbers, 0][:4], "modules": [],
                "maxBsonObjectSize": 2 ** 24}

    do_buildinfo = do_buildInfo

    async def do_serverStatus(self, command: Document, session: Session) -> Document:
        return {"host": self.me, "version": self.release, "process": self.config["process"],
                "pid": Int64(os.getpid()), "uptime": time.time() - self.begun, "localTime": now()}

    async def do_saslStart(self, command: Document, session: Session) -> Document:
        return login.start(command, session, self.config["user"], self.config["password"])

    async def do_saslContinue(self, command: Document, session: Session) -> Document:
        return login.go_on(command, session, self.config["user"])


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def matches(document: Document, wanted: Document) -> bool:
    """Equality and $in, which is all that is asked here."""
    return all(document.get(key) in value["$in"] if isinstance(value, dict) and "$in" in value
               else document.get(key) == value for key, value in wanted.items())


def cursor(ns: str, documents: list[Document]) -> Document:
    """A whole result in the first batch."""
    return {"cursor": {"id": Int64(0), "ns": ns, "firstBatch": documents}}
