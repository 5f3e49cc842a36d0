"""One member of a replica set: heartbeats, elections, syncing, and what a majority has.

After "Replica Set Elections" (protocol version 1), "Replica Set Oplog", "Rollbacks During Replica
Set Failover" and the pages of replSetStepDown, replSetGetStatus and replSetHeartbeat. Simpler than
the real thing: no priorities, no chaining, no arbiters, no dry run before an election; a secondary
tells how far it is with the question for more.
"""
import asyncio
import contextlib
import random
import time

from .storage import NOTHING, Optime, Storage, optime
from .wire import CommandError, Document, Peer

STARTUP, PRIMARY, SECONDARY, STARTUP2, DOWN, ROLLBACK = 0, 1, 2, 5, 8, 9
NAMES = {0: "STARTUP", 1: "PRIMARY", 2: "SECONDARY", 3: "RECOVERING", 5: "STARTUP2",
         8: "(not reachable/healthy)", 9: "ROLLBACK"}
AWAIT_SEC = 0.5         # how long a secondary's question for more waits for an entry
NOOP_SEC = 1.0          # how often an idle primary writes, so that lag can be told (real: 10 s)
RETRY = ("RetryableWriteError",)


class ReplicaSet:
    """This member's view of its set.

    :ivar config: the set's configuration; None before it is initiated.
    :ivar seen: host -> the last answer to a heartbeat, with `at` (unix time); only of the living.
    """

    def __init__(self, storage: Storage, me: str, release: str, key: str):
        self.storage, self.me, self.release, self._key = storage, me, release, key
        self.config: Document | None = storage.local["config"]
        self.state = STARTUP
        self.primary = ""
        self.seen: dict[str, Document] = {}
        self.positions: dict[str, Optime] = {}      # of the others, while we lead
        self.commit: Optime = NOTHING
        self.changes = 0                            # of what hello says
        self.changed, self.progress = asyncio.Event(), asyncio.Event()
        self._peers: dict[str, Peer] = {}
        self._heard, self._frozen_until, self._wrote = time.monotonic(), 0.0, 0.0
        self._tasks: list[asyncio.Task] = []

    # Its life
    def start(self) -> None:
        if self.config is None:
            return
        self.state = SECONDARY if self.storage.oplog else STARTUP2
        self._heard = time.monotonic()
        self._tasks = [asyncio.create_task(self._beat_for_ever()),
                       asyncio.create_task(self._sync_for_ever())]
        self._tell()

    def configure(self, config: Document, first: bool = False) -> None:
        """Be a member of a new set; the first member stands for election at once."""
        if self.config is None:
            self.config = config
            self.storage.save_local(config=config)
            self.start()
            self._heard = 0.0 if first else self._heard

    async def leave(self) -> None:
        """Before an orderly end: a primary switches over if it can."""
        if self.state == PRIMARY:
            with contextlib.suppress(CommandError):
                await self.step_down(60, 1.0)
        self._cancel()

    async def close(self) -> None:
        self._cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for peer in self._peers.values():
            peer.end()

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    # Who is who
    @property
    def hosts(self) -> list[str]:
        return [one["host"] for one in self.config["members"]] if self.config else []

    @property
    def others(self) -> list[str]:
        return [host for host in self.hosts if host != self.me]

    @property
    def majority(self) -> int:
        return len(self.hosts) // 2 + 1

    @property
    def term(self) -> int:
        return self.storage.local["term"]

    def setting(self, name: str, default: int) -> float:
        """A time of the configuration's settings, in seconds."""
        return (self.config or {}).get("settings", {}).get(name, default) / 1000

    def alive(self, host: str) -> bool:
        limit = self.setting("electionTimeoutMillis", 10000)
        return host in self.seen and time.time() - self.seen[host]["at"] < limit

    # Elections
    async def run_election(self) -> bool:
        """Stand for election now; whether it was won."""
        self.storage.save_local(term=self.term + 1, voted=self.term + 1)
        term = self.term
        votes = await self._ask_all({"replSetRequestVotes": 1, "term": term, "candidate": self.me,
                                     "last": list(self.storage.last)})
        for vote in votes.values():
            self._adopt(vote.get("term", 0))
        granted = 1 + sum(bool(vote.get("voteGranted")) for vote in votes.values())
        if self.term != term or granted < self.majority or self.state != SECONDARY:
            return False
        self.state, self.primary, self.positions = PRIMARY, self.me, {}
        self.write("n", "", [{"msg": "new primary"}])
        self._tell()
        await self._beat()
        return True

    def vote(self, term: int, candidate_last: Optime) -> Document:
        """The answer to a candidate: one vote a term, only for who has all that we have."""
        self._adopt(term)
        granted = (term == self.term and self.storage.local["voted"] < term
                   and candidate_last >= self.storage.last and self.state != PRIMARY)
        if granted:
            self.storage.save_local(voted=term)
            self._heard = time.monotonic()
        return {"term": self.term, "voteGranted": granted}

    async def step_down(self, seconds: float, catch_up: float) -> None:
        """Let a caught-up secondary lead; refused when there is none in time. Never forced."""
        deadline = time.monotonic() + catch_up
        while not (candidates := self._caught_up()):
            if time.monotonic() > deadline or not await self._wait_progress(deadline):
                raise CommandError(262, "ExceededTimeLimit", "No electable secondaries caught up "
                                   f"within {catch_up:g} s; this node stays primary.")
        self._frozen_until = time.monotonic() + seconds
        self._follow("")
        for candidate in candidates:
            with contextlib.suppress(OSError):
                if (await self._peer(candidate).ask({"replSetStepUp": 1}, 2.0)).get("ok"):
                    return

    def _caught_up(self) -> list[str]:
        return [host for host in self.others if self.alive(host)
                and self.seen[host]["state"] == SECONDARY
                and self.positions.get(host, NOTHING) >= self.storage.last]

    def _adopt(self, term: int) -> None:
        """A newer term ends our own."""
        if term > self.term:
            self.storage.save_local(term=term)
            if self.state == PRIMARY:
                self._follow("")

    def _follow(self, primary: str) -> None:
        if self.state == PRIMARY:
            self.state = SECONDARY
        if primary != self.primary:
            self.primary = primary
            self._tell()
        self.progress.set()

    # Heartbeats
    def heartbeat(self, asked: Document) -> Document:
        """The answer to another member, which learns our state from it and we its."""
        if self.config is None and asked.get("config"):
            self.configure(asked["config"])
        self._note(asked["from"], asked)
        return {"term": self.term, "state": self.state, "primary": self.primary,
                "last": list(self.storage.last), "release": self.release}

    def _note(self, host: str, told: Document) -> None:
        self.seen[host] = {**told, "at": time.time()}
        self._adopt(told["term"])
        if told["state"] == PRIMARY and told["term"] == self.term:
            self._heard = time.monotonic()
            self._follow(host)

    async def _beat(self) -> None:
        message = {"replSetHeartbeat": 1, "from": self.me, "config": self.config,
                   "term": self.term, "state": self.state, "last": list(self.storage.last),
                   "release": self.release}
        for host, answer in (await self._ask_all(message)).items():
            if answer.get("ok"):
                self._note(host, answer)
            else:
                self.seen.pop(host, None)
        for host in [one for one in self.seen if not self.alive(one)]:
            del self.seen[host]

    async def _beat_for_ever(self) -> None:
        while True:
            await self._beat()
            silent = time.monotonic() - self._heard
            limit = self.setting("electionTimeoutMillis", 10000)
            if self.state == PRIMARY:
                self._lead(limit)
            elif self.primary and silent > limit:
                self._follow("")
            may = self.state == SECONDARY and time.monotonic() > self._frozen_until
            if may and silent > limit * random.uniform(1.0, 1.3):  # noqa: S311  no secret
                self._heard = time.monotonic()
                await self.run_election()
            await asyncio.sleep(self.setting("heartbeatIntervalMillis", 2000))

    def _lead(self, limit: float) -> None:
        """A primary without a majority steps down; an idle one writes now and then."""
        if 1 + len(self.seen) >= self.majority:
            self._heard = time.monotonic()
        elif time.monotonic() - self._heard > limit:
            self._follow("")
        if self.state == PRIMARY and time.monotonic() - self._wrote > NOOP_SEC:
            self.write("n", "", [{"msg": "periodic noop"}])

    async def _ask_all(self, message: Document) -> dict[str, Document]:
        async def one(host: str) -> Document:
            try:
                return await self._peer(host).ask(message, 1.0)
            except OSError:
                self._peer(host).close()
                return {}
        others = self.others
        return dict(zip(others, await asyncio.gather(*map(one, others)), strict=True))

    def _peer(self, host: str) -> Peer:
        return self._peers.setdefault(host, Peer(host, self._key))

    # Writing, and what a majority has
    def write(self, op: str, ns: str, documents: list[Document],
              session: Document | None = None) -> Optime:
        """One entry, as the primary."""
        self.check_primary()
        self._wrote = time.monotonic()
        at = self.storage.make(self.term, op, ns, documents, session)
        self._commit()
        self.progress.set()
        return at

    def check_primary(self) -> None:
        if self.state != PRIMARY:
            raise CommandError(10107, "NotWritablePrimary", "not primary", RETRY)

    async def await_majority(self, at: Optime, timeout: float | None) -> None:
        """Return when a majority has the entry; refused when we lead no more."""
        term = self.term
        deadline = time.monotonic() + (timeout or 3600)
        while self.commit < at or self.storage.position(at) is None:
            if self.state != PRIMARY or self.term != term:
                raise CommandError(189, "PrimarySteppedDown", "Primary stepped down while waiting "
                                   "for replication", RETRY)
            if not await self._wait_progress(deadline):
                raise CommandError(64, "WriteConcernFailed", "waiting for replication timed out")

    async def more(self, last: Optime, who: str) -> Document:
        """A secondary has all up to `last` and asks for more: entries from `last` itself on, so
        that it sees whether we are of one history."""
        self.check_primary()
        if who in self.hosts:
            self.positions[who] = last
            self._commit()
        if last == self.storage.last:
            await self._wait_progress(time.monotonic() + AWAIT_SEC)
        self.check_primary()
        at = self.storage.position(last) if last != NOTHING else 0
        entries = self.storage.oplog[at:at + 2000] if at is not None else []
        return {"entries": entries, "found": at is not None, "commit": list(self.commit)}

    def _commit(self) -> None:
        """What a majority has, of our own term, is never rolled back."""
        reached = sorted([self.storage.last, *(self.positions.get(host, NOTHING)
                                               for host in self.others)], reverse=True)
        newest = reached[self.majority - 1]
        if newest > self.commit and newest[0] == self.term:
            self.commit = newest
            self.progress.set()

    async def _wait_progress(self, deadline: float) -> bool:
        """Wait for any progress; False when the time is over."""
        self.progress.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.progress.wait(),
                                   max(0.0, min(0.1, deadline - time.monotonic())))
        return time.monotonic() < deadline

    # Syncing
    async def _sync_for_ever(self) -> None:
        while True:
            try:
                if self.state == PRIMARY or self.primary in ("", self.me):
                    await asyncio.sleep(0.02)
                else:
                    await self._sync(self.primary)
            except OSError:
                await asyncio.sleep(0.05)

    async def _sync(self, source: str) -> None:
        last = self.storage.last
        answer = await self._peer(source).ask(
            {"find": "oplog.rs", "$db": "local", "after": list(last), "for": self.me},
            AWAIT_SEC + 2)
        if not answer.get("ok"):
            await asyncio.sleep(0.02)
        elif self.state == PRIMARY or self.storage.last != last:
            return
        elif not answer["found"]:
            await self._roll_back(source)
        else:
            entries = answer["entries"] if last == NOTHING else answer["entries"][1:]
            self.storage.append(entries)
            self.commit = max(self.commit, min(tuple(answer["commit"]), self.storage.last))
            if self.state != SECONDARY and not entries:
                self.state = SECONDARY
                self._tell()

    async def _roll_back(self, source: str) -> None:
        """Undo what we have and the primary has not: nobody was told by a majority of it."""
        self.state = ROLLBACK
        self._tell()
        answer = await self._peer(source).ask(
            {"find": "oplog.rs", "$db": "local", "all": True}, 10.0)
        if answer.get("ok"):
            there = {optime(entry) for entry in answer["entries"]}
            common = next((number for number, entry in enumerate(self.storage.oplog)
                           if optime(entry) not in there), len(self.storage.oplog))
            self.storage.cut(common)

    def _tell(self) -> None:
        """Wake those who wait for another hello."""
        self.changes += 1
        self.changed.set()
        self.changed = asyncio.Event()
        self.progress.set()
