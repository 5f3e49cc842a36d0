"""A client that writes and reads while the cluster is upgraded, and remembers every answer.

The datastore's stock client with the retries of its manual (kinds/): what fails here fails in an
application, too.
"""
import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

from . import appends, gaps
from .appends import OwnList
from .kinds.base import Client, Clients
from .ledger import Ledger

PRELOAD_BYTES, VALUE_BYTES = 200, 100
OLDER_EVERY = 4          # every so many rounds an older key is read as well
APPEND_EVERY = 2         # every so many rounds an item is appended to a list
LIST_READ_EVERY = 3      # every so many appends the list is read


@dataclass
class Lane:
    """One thread's own record, so that threads do not wait for each other."""

    number: int
    operations: int = 0
    max_latency_sec: float = 0.0
    wrong_reads: int = 0
    errors: Counter = field(default_factory=Counter)
    failures: list[float] = field(default_factory=list)         # unix times
    writes: list[tuple[float, int]] = field(default_factory=list)   # (unix time, part)
    keys: list[str] = field(default_factory=list)
    lists: list[OwnList] = field(default_factory=list)
    stale_reads: int = 0        # of a list, without an item that was acknowledged before


class Workload:
    """`threads` threads, each at most `rate` rounds a second: write, read, now and then an older,
    and append to a list of its own.

    preload: keys written (and recorded) before the start.
    """

    def __init__(self, clients: Clients, threads: int = 4, rate: float = 100,
                 preload: int = 5000):
        self.clients, self.rate, self.preload = clients, rate, preload
        self.ledger = Ledger(clients.parts, clients.part_of)
        self.lanes = [Lane(number) for number in range(threads)]
        self._lists = f"list:{uuid.uuid4().hex[:8]}"       # one cluster may see several loads
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._begun = self._ended = 0.0

    def __enter__(self) -> "Workload":
        return self.start()

    def __exit__(self, *_) -> None:
        self._end()

    def start(self) -> "Workload":
        """Preload, then start the threads; returns when each of them has written once."""
        self._preload()
        self._threads = [threading.Thread(target=self._run, args=(lane,), daemon=True)
                         for lane in self.lanes]
        try:
            self._begin()
        except BaseException:       # such as the end of a demo's time: they would go on for ever
            self._end()
            raise
        self._begun = time.time()     # what connecting took is no gap of the cluster's
        return self

    def _begin(self) -> None:
        for thread in self._threads:
            thread.start()
        deadline = time.monotonic() + 10
        while not all(lane.writes for lane in self.lanes) and time.monotonic() < deadline:
            time.sleep(0.01)

    def stop(self) -> dict:
        """End the load, read the ledger back from the cluster, return the result.

        {operations, failed, acknowledged, lost, unreadable, longest_gap_sec (over all
        threads), longest_shard_gap_sec (worst shard), max_latency_sec, wrong_reads, errors,
        gaps, from, to, operations_per_sec, lost_examples, and of the lists: appends (acknowledged),
        missing, duplicated, reordered, stale_reads}; seconds and unix times.
        """
        self._end()
        with self.clients.connect() as client:
            verdict = self.ledger.read_back(client.read_many)
            listed = appends.read_back((own for lane in self.lanes for own in lane.lists),
                                       client.items, self.clients.part_of)
        return {**self._counts(), **self._gaps(), "acknowledged": verdict.acknowledged,
                "lost": verdict.lost, "unreadable": verdict.unreadable + listed.unreadable,
                "lost_examples": verdict.examples, **listed.as_dict(),
                "from": round(self._begun, 3), "to": round(self._ended, 3)}

    def counts(self) -> dict:
        """{operations, failed} so far, for live progress."""
        return {"operations": sum(lane.operations for lane in self.lanes),
                "failed": sum(len(lane.failures) for lane in self.lanes)}

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = time.time()
        self._stop.set()
        for thread in filter(threading.Thread.is_alive, self._threads):
            thread.join(60)

    def _counts(self) -> dict:
        errors: Counter = sum((lane.errors for lane in self.lanes), Counter())
        operations = self.counts()["operations"]
        spent = max(self._ended - self._begun, 0.001)
        return {**self.counts(), "errors": dict(errors),
                "operations_per_sec": round(operations / spent, 1),
                "wrong_reads": sum(lane.wrong_reads for lane in self.lanes),
                "stale_reads": sum(lane.stale_reads for lane in self.lanes),
                "max_latency_sec": round(max(lane.max_latency_sec for lane in self.lanes), 3)}

    def _gaps(self) -> dict:
        span = (self._begun, self._ended)
        writes = [write for lane in self.lanes for write in lane.writes
                  if span[0] <= write[0] <= span[1]]
        parts = [[t for t, of in writes if of == part] for part in range(self.clients.parts)]
        everyone = [t for t, _ in writes]
        listed = gaps.listed(everyone, *span, "all")
        for number, moments in enumerate(parts, start=1):
            listed += gaps.listed(moments, *span, f"shard-{number}")
        return {"longest_gap_sec": round(gaps.longest(everyone, *span), 3),
                "longest_shard_gap_sec": round(max(gaps.longest(m, *span) for m in parts), 3),
                "gaps": sorted(listed, key=lambda gap: gap["from"])}

    def _preload(self) -> None:
        with self.clients.connect() as client:
            for start in range(0, self.preload, 500):
                keys = [f"preload:{n}" for n in range(start, min(start + 500, self.preload))]
                pairs = {key: _value(key, PRELOAD_BYTES) for key in keys}
                client.write_many(pairs)
                for key, value in pairs.items():
                    self.ledger.record(key, value)

    def _run(self, lane: Lane) -> None:
        if self._stop.is_set():     # it begins after the end: nobody waits for it
            return
        choice = random.Random(lane.number)  # noqa: S311  which key to read again, no secret
        with self.clients.connect() as client:
            number = 0
            while not self._stop.is_set():
                begun = time.monotonic()
                self._round(client, lane, f"load:{lane.number}:{number}")
                if number % OLDER_EVERY == 0 and lane.keys:
                    self._read(client, lane, choice.choice(lane.keys))
                if number % APPEND_EVERY == 0:
                    self._append(client, lane)
                number += 1
                self._stop.wait(max(0.0, 1 / self.rate - (time.monotonic() - begun)))

    def _round(self, client: Client, lane: Lane, key: str) -> None:
        value = _value(key, VALUE_BYTES)
        if self._try(lane, "write", lambda: client.write(key, value)) is None:
            return
        self.ledger.record(key, value)
        lane.writes.append((time.time(), self.clients.part_of(key)))
        lane.keys.append(key)
        self._read(client, lane, key)

    def _read(self, client: Client, lane: Lane, key: str) -> None:
        answer = self._try(lane, "read", lambda: client.read(key))
        if answer is not None and answer[0] != self.ledger.value(key):
            lane.wrong_reads += 1

    def _append(self, client: Client, lane: Lane) -> None:
        if not lane.lists or lane.lists[-1].full:
            lane.lists.append(OwnList(f"{self._lists}:{lane.number}:{len(lane.lists)}"))
        own = lane.lists[-1]
        place, item = len(own.tried), f"{lane.number}-{len(lane.lists)}-{len(own.tried)}"
        own.tried.append(item)
        if self._try(lane, "append", lambda: client.append(own.name, place, item)):
            own.acknowledged.add(item)
        if place % LIST_READ_EVERY == 0:
            answer = self._try(lane, "list", lambda: client.items(own.name))
            if answer is not None and appends.judge(own, answer[0]).missing:
                lane.stale_reads += 1

    def _try(self, lane: Lane, kind: str, operation):
        """(operation()'s result,), or None when it failed after the client's own retries."""
        begun = time.monotonic()
        try:
            return (operation(),)
        except Exception as error:  # noqa: BLE001  any error is a failed operation
            lane.errors[f"{kind} {type(error).__name__}"] += 1
            lane.failures.append(time.time())
            return None
        finally:
            lane.operations += 1
            lane.max_latency_sec = max(lane.max_latency_sec, time.monotonic() - begun)


def _value(key: str, size: int) -> str:
    return f"{key}=".ljust(size, "x")
