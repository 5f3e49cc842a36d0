"""The oplog on disk, and the documents that follow from it.

The oplog is the data: a start replays it. An entry is on disk (in the kernel's hands: kill -9 is
survived) before anybody is told of it. What is local to the member, its set's configuration and its
vote, lives in a file of its own, as the `local` database does.
"""
import json
import time
from pathlib import Path
from typing import Any

import bson
from bson.timestamp import Timestamp

from .releases import before, can_read

Optime = tuple[int, int, int]       # term, seconds, number: compares as the oplog is ordered
NOTHING: Optime = (-1, 0, 0)
VERSIONS = "admin.system.version"
FCV = "featureCompatibilityVersion"


class BadData(Exception):
    """This release can't start on the data it found."""


def optime(entry: dict[str, Any]) -> Optime:
    return entry["t"], entry["ts"].time, entry["ts"].inc


class Storage:
    """One member's data directory.

    :ivar oplog: all entries, `{ts, t, op, ns, o, wall, session}`; op: i (insert), u (replace), n.
    """

    def __init__(self, directory: Path, series: str):
        self._oplog_file, self._local_file = directory / "oplog.bson", directory / "local.json"
        self.local: dict[str, Any] = {"term": 0, "voted": 0, "config": None}
        if self._local_file.exists():
            self.local |= json.loads(self._local_file.read_text())
        self.oplog: list[dict[str, Any]] = []
        self._rebuild(self._entries_on_disk())
        self._check_compatibility(series)
        self._file = self._oplog_file.open("ab")

    def close(self) -> None:
        self._file.close()

    # What is local to the member
    def save_local(self, **changes: Any) -> None:
        """Write it down before anybody hears of it: a vote must outlive a crash."""
        self.local |= changes
        partial = self._local_file.with_suffix(".new")
        partial.write_text(json.dumps(self.local))
        partial.replace(self._local_file)

    # The oplog
    @property
    def last(self) -> Optime:
        return optime(self.oplog[-1]) if self.oplog else NOTHING

    @property
    def size(self) -> int:
        return self._oplog_file.stat().st_size if self._oplog_file.exists() else 0

    def position(self, at: Optime) -> int | None:
        """Index of the entry; None when it is not here."""
        return self._places.get(at)

    def make(self, term: int, op: str, ns: str, documents: list[dict[str, Any]],
             session: dict[str, Any] | None = None) -> Optime:
        """Append a new entry of one write command, as a primary does."""
        seconds, number = int(time.time()), 1
        if self.oplog and self.oplog[-1]["ts"].time >= seconds:
            seconds, number = self.oplog[-1]["ts"].time, self.oplog[-1]["ts"].inc + 1
        entry = {"ts": Timestamp(seconds, number), "t": term, "op": op, "ns": ns, "o": documents,
                 "wall": time.time(), "session": session}
        self.append([entry])
        return optime(entry)

    def append(self, entries: list[dict[str, Any]]) -> None:
        """Write the entries, of our own or of a primary, and apply them."""
        self._file.write(b"".join(bson.encode(entry) for entry in entries))
        self._file.flush()
        for entry in entries:
            self._apply(entry)

    def cut(self, length: int) -> int:
        """Roll back all but the first `length` entries; how many went."""
        kept, gone = self.oplog[:length], len(self.oplog) - length
        self._file.close()
        partial = self._oplog_file.with_suffix(".new")
        partial.write_bytes(b"".join(bson.encode(entry) for entry in kept))
        partial.replace(self._oplog_file)
        self._file = self._oplog_file.open("ab")
        self._rebuild(kept)
        return gone

    # The documents
    def collection(self, ns: str) -> dict[Any, dict[str, Any]]:
        """Documents by `_id`."""
        return self._collections.setdefault(ns, {})

    def compatibility(self) -> str:
        """The feature compatibility version; "" on an empty directory."""
        return self.collection(VERSIONS).get(FCV, {}).get("version", "")

    def session(self, identity: bytes) -> dict[str, Any]:
        """Number and result of the last retryable write of a session; empty when there is none."""
        return self._sessions.get(identity, {})

    def _check_compatibility(self, series: str) -> None:
        found = self.compatibility()
        if found and not can_read(series, found):
            raise BadData(f"UPGRADE PROBLEM: Found an invalid featureCompatibilityVersion document "
                          f"(version {found}); a {series} binary starts on "
                          f"{' or '.join(filter(None, (before(series), series)))}.")

    def _entries_on_disk(self) -> list[dict[str, Any]]:
        """All whole entries; a torn last one was told to nobody and is cut off."""
        raw = self._oplog_file.read_bytes() if self._oplog_file.exists() else b""
        entries, at = [], 0
        while at + 4 <= len(raw):
            size = int.from_bytes(raw[at:at + 4], "little")
            if at + size > len(raw):
                break
            entries.append(bson.decode(raw[at:at + size]))
            at += size
        if at < len(raw):
            self._oplog_file.write_bytes(raw[:at])
        return entries

    def _rebuild(self, entries: list[dict[str, Any]]) -> None:
        self.oplog = []
        self._places: dict[Optime, int] = {}
        self._collections: dict[str, dict] = {}
        self._sessions: dict[bytes, dict] = {}
        for entry in entries:
            self._apply(entry)

    def _apply(self, entry: dict[str, Any]) -> None:
        self._places[optime(entry)] = len(self.oplog)
        self.oplog.append(entry)
        if entry["op"] in "iu":
            self.collection(entry["ns"]).update({one["_id"]: one for one in entry["o"]})
        if done := entry.get("session"):
            self._sessions[bytes(done["id"])] = done
