"""The commands of `mongod`: a member of a shard or a config server.

After the manual's pages of each; "Configure a Shard" and "Config Servers".
"""
import asyncio
import datetime
import time

from bson import ObjectId
from bson.int64 import Int64
from bson.timestamp import Timestamp

from . import releases
from .base import Server, cursor, matches, now
from .replication import NAMES, PRIMARY, RETRY, SECONDARY, ReplicaSet
from .storage import FCV, VERSIONS, Optime, Storage
from .wire import CommandError, Document, Session

OPLOG_BYTES = 990 * 2 ** 20      # the server's least size of an oplog


class Mongod(Server):
    """config: also set (name), data (directory), role (shardsvr | configsvr)."""

    def __init__(self, config, release):
        super().__init__(config, release)
        self.storage = Storage(config["data"], self.series)
        self.replica_set = ReplicaSet(self.storage, self.me, release, config["key"])
        self.replica_set.start()

    async def stop(self) -> None:
        """A primary switches over first."""
        await self.replica_set.leave()
        await super().stop()

    async def close(self) -> None:
        await self.replica_set.close()
        self.storage.close()

    # hello
    def changes(self) -> int:
        return self.replica_set.changes + super().changes()

    async def await_change(self) -> None:
        await self.replica_set.changed.wait()

    def greeting(self) -> Document:
        mine = self.replica_set
        if mine.config is None:
            return {"isWritablePrimary": False, "secondary": False, "isreplicaset": True,
                    "info": "Does not have a valid replica set config"}
        leads = mine.state == PRIMARY and not self.stopping
        found = {"isWritablePrimary": leads,
                 "secondary": mine.state == SECONDARY and not self.stopping,
                 "setName": mine.config["_id"], "setVersion": mine.config["version"],
                 "hosts": mine.hosts, "me": self.me,
                 "lastWrite": {"opTime": _optime(self.storage.last),
                               "lastWriteDate": _date(self.storage.last)}}
        if mine.primary:
            found["primary"] = mine.primary
        if leads:
            found["electionId"] = ObjectId(mine.term.to_bytes(12, "big"))
        return found | ({"configsvr": 2} if self.config["role"] == "configsvr" else {})

    # Replica set
    async def do_replSetInitiate(self, command: Document, session: Session) -> Document:
        """On one fresh member; the others learn of it by its heartbeats."""
        if self.replica_set.config is not None:
            raise CommandError(23, "AlreadyInitialized", "already initialized")
        config = command["replSetInitiate"]
        self.storage.make(0, "n", "", [{"msg": "initiating set"}])
        self.storage.make(0, "u", VERSIONS, [{"_id": FCV, "version": self.series}])
        self.replica_set.configure({"version": 1, **config}, first=True)
        return {}

    async def do_replSetHeartbeat(self, command: Document, session: Session) -> Document:
        return self.replica_set.heartbeat(command)

    async def do_replSetRequestVotes(self, command: Document, session: Session) -> Document:
        return self.replica_set.vote(command["term"], tuple(command["last"]))

    async def do_replSetStepUp(self, command: Document, session: Session) -> Document:
        if not await self.replica_set.run_election():
            raise CommandError(125, "CommandFailed", "Election failed.")
        return {}

    async def do_replSetStepDown(self, command: Document, session: Session) -> Document:
        self.replica_set.check_primary()
        if command.get("force"):
            raise CommandError(2, "BadValue", "this double never forces")
        await self.replica_set.step_down(command["replSetStepDown"],
                                         command.get("secondaryCatchUpPeriodSecs", 10))
        return {}

    async def do_replSetGetConfig(self, command: Document, session: Session) -> Document:
        self._check_initiated()
        return {"config": self.replica_set.config}

    async def do_replSetGetStatus(self, command: Document, session: Session) -> Document:
        self._check_initiated()
        mine = self.replica_set
        return {"set": mine.config["_id"], "date": now(), "myState": mine.state,
                "term": Int64(mine.term), "members": [
                    self._status(number, host) for number, host in enumerate(mine.hosts)]}

    def _status(self, number: int, host: str) -> Document:
        mine = self.replica_set
        told = mine.seen.get(host, {})
        if host == self.me:
            told = {"state": mine.state, "last": self.storage.last, "at": time.time()}
        last = tuple(told.get("last", (-1, 0, 0)))
        state = told.get("state", 8)
        return {"_id": number, "name": host, "health": float(bool(told)), "state": state,
                "stateStr": NAMES[state], "optime": _optime(last), "optimeDate": _date(last),
                "configVersion": mine.config["version"], "self": host == self.me}

    def _check_initiated(self) -> None:
        if self.replica_set.config is None:
            raise CommandError(94, "NotYetInitialized", "no replset config has been received")

    # Versions
    async def do_getParameter(self, command: Document, session: Session) -> Document:
        if FCV not in command:
            raise CommandError(72, "InvalidOptions", "no option found to get")
        return {FCV: {"version": self.storage.compatibility()}}

    async def do_setFeatureCompatibilityVersion(self, command: Document,
                                                session: Session) -> Document:
        """As on a primary; refused while a member of the set runs an older binary (a real old
        secondary would abort when it learns of it)."""
        self.replica_set.check_primary()
        wanted = command["setFeatureCompatibilityVersion"]
        if not releases.can_read(self.series, wanted):
            raise CommandError(2, "BadValue", f"Invalid feature compatibility version {wanted!r}: "
                               f"this is {self.release}")
        if self.series >= releases.CONFIRMED_FROM and command.get("confirm") is not True:
            raise CommandError(7369100, "Location7369100", "Once you have changed the FCV you "
                               "can't downgrade the binary; run it with {confirm: true}")
        old = [host for host in self.replica_set.others if not self._follows(host, wanted)]
        if old:
            raise CommandError(125, "CommandFailed", f"not all members can follow: {old}")
        at = self.replica_set.write("u", VERSIONS, [{"_id": FCV, "version": wanted}])
        await self.replica_set.await_majority(at, 60)
        return {}

    def _follows(self, host: str, wanted: str) -> bool:
        seen = self.replica_set.seen.get(host)
        return bool(seen) and releases.can_read(releases.series_of(seen["release"]), wanted)

    # Data
    async def do_insert(self, command: Document, session: Session) -> Document:
        return await self._write("i", command["insert"], command["documents"], command)

    async def do_update(self, command: Document, session: Session) -> Document:
        """By `_id`, made when they are not there: whole documents, or `$push`."""
        there = self.storage.collection(f"{command['$db']}.{command['update']}")
        documents = [_updated(there.get(one["q"]["_id"], {}), one) for one in command["updates"]]
        return await self._write("u", command["update"], documents, command)

    async def _write(self, op: str, name: str, documents: list[Document],
                     command: Document) -> Document:
        self.replica_set.check_primary()
        ns = f"{command['$db']}.{name}"
        identity = bytes(command["lsid"]["id"]) if "txnNumber" in command else b""
        done = self.storage.session(identity)
        if done and done["txn"] > command["txnNumber"]:
            raise CommandError(225, "TransactionTooOld", "a newer write of this session was seen")
        if done and done["txn"] == command["txnNumber"]:        # asked again: its answer was lost
            reply, at = {"n": done["n"]}, self.storage.last
        else:
            reply, at = self._write_anew(op, ns, documents, identity, command)
        await self._acknowledge(at, command.get("writeConcern", {}))
        return reply

    def _write_anew(self, op: str, ns: str, documents: list[Document], identity: bytes,
                    command: Document) -> tuple[Document, Optime]:
        there = self.storage.collection(ns) if op == "i" else {}
        double = next((n for n, one in enumerate(documents) if one["_id"] in there), None)
        fresh = documents[:double]
        reply: Document = {"n": len(fresh)}
        if double is not None:
            reply["writeErrors"] = [{"index": double, "code": 11000, "errmsg":
                                     f"E11000 duplicate key error collection: {ns}"}]
        session = {"id": identity, "txn": command["txnNumber"], "n": len(fresh)} \
            if identity else None
        at = self.replica_set.write(op, ns, fresh, session) if fresh else self.storage.last
        return reply, at

    async def _acknowledge(self, at: Optime, concern: Document) -> None:
        if concern.get("w", "majority") == "majority":
            await self.replica_set.await_majority(at, concern.get("wtimeout", 0) / 1000)

    async def do_find(self, command: Document, session: Session) -> Document:
        ns = f"{command['$db']}.{command['find']}"
        if ns == "local.oplog.rs":
            return await self._find_oplog(command)
        secondary = command.get("$readPreference", {}).get("mode", "primary") != "primary"
        if self.replica_set.state != PRIMARY and not secondary:
            raise CommandError(13435, "NotPrimaryNoSecondaryOk",
                               "not primary and secondaryOk=false", RETRY)
        wanted, found = command.get("filter", {}), self.storage.collection(ns)
        keys = wanted["_id"]["$in"] if isinstance(wanted.get("_id"), dict) else \
            [wanted["_id"]] if "_id" in wanted else list(found)
        documents = [found[key] for key in keys if key in found and matches(found[key], wanted)]
        return cursor(ns, documents[:command.get("limit") or None])

    async def _find_oplog(self, command: Document) -> Document:
        """Of a secondary that syncs, or of somebody who looks at its ends."""
        if "after" in command:
            return await self.replica_set.more(tuple(command["after"]), command["for"])
        entries = self.storage.oplog
        if command.get("all"):
            self.replica_set.check_primary()
            return {"entries": entries}
        if command.get("sort", {}).get("$natural") == -1:
            entries = entries[::-1]
        limit = abs(command.get("limit", 0)) or 101
        shown = [{"ts": one["ts"], "t": Int64(one["t"]), "op": one["op"], "ns": one["ns"]}
                 for one in entries[:limit]]
        return cursor("local.oplog.rs", shown)

    async def do_collStats(self, command: Document, session: Session) -> Document:
        ns = f"{command['$db']}.{command['collStats']}"
        if ns != "local.oplog.rs":
            return {"ns": ns, "count": len(self.storage.collection(ns))}
        return {"ns": ns, "count": len(self.storage.oplog), "size": self.storage.size,
                "maxSize": Int64(OPLOG_BYTES), "capped": True}

    # Of a config server's primary, for the routers: the balancer's switch and its rounds
    async def do__configsvrBalancerStatus(self, command: Document, session: Session) -> Document:
        self.replica_set.check_primary()
        stopped = self.storage.collection("config.settings").get("balancer", {}).get("stopped")
        # A round takes 0.2 s of every second while it is on.
        return {"mode": "off" if stopped else "full", "numBalancerRounds": Int64(time.time()),
                "inBalancerRound": not stopped and time.time() % 1 < 0.2}

    async def do__configsvrBalancerStop(self, command: Document, session: Session) -> Document:
        """Returns when the round in hand is over."""
        while (await self.do__configsvrBalancerStatus(command, session))["inBalancerRound"]:
            await asyncio.sleep(0.02)
        return await self._switch(stopped=True)

    async def do__configsvrBalancerStart(self, command: Document, session: Session) -> Document:
        return await self._switch(stopped=False)

    async def _switch(self, stopped: bool) -> Document:
        at = self.replica_set.write("u", "config.settings",
                                    [{"_id": "balancer", "stopped": stopped}])
        await self.replica_set.await_majority(at, 60)
        return {}


def _updated(there: Document, update: Document) -> Document:
    """The whole document; as in a real oplog, what is repeated then changes nothing more."""
    identity, change = update["q"], update["u"]
    if "$push" not in change:
        return {**identity, **change}
    pushed = {name: [*there.get(name, []), item] for name, item in change["$push"].items()}
    return {**there, **identity, **pushed}


def _optime(last: Optime) -> Document:
    return {"ts": Timestamp(last[1], last[2]), "t": Int64(last[0])}


def _date(last: Optime) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(last[1], datetime.UTC)
