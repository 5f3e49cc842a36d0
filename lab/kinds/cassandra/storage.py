"""What a member keeps on disk: commit log, tables in the format of its version, hints.

Stands for Cassandra's storage engine ("Storage Engine" in its manual) as far as an upgrade sees it:
a write is in the commit log before it is acknowledged; a drain turns all of it into files of the
format that this version writes; a version refuses files of formats that it does not know, and a
major release refuses those of the last but one. Files hold lines of JSON.
"""
import json
from collections.abc import Iterator
from pathlib import Path

# First letter of the sstable version by major release (BigFormat.java), and what each can read.
WRITES = {3: "me", 4: "nb", 5: "oa"}
READS = {3: {"me"}, 4: {"me", "nb"}, 5: {"nb", "oa"}}

Cell = tuple[str, int]      # value, time of the write in microseconds


class StorageError(Exception):
    """The files can't be read by this version."""


def format_of(version: str, mode: str) -> str:
    """The format that a version writes; 5 writes that of 4 while it is to stay compatible."""
    major = int(version.split(".")[0])
    return WRITES[4] if major == 5 and mode == "CASSANDRA_4" else WRITES[major]


class Storage:
    """One member's data directory."""

    def __init__(self, directory: Path, version: str, mode: str):
        self._data = directory / "data"
        self._hints = directory / "hints"
        self.format = format_of(version, mode)
        self._reads = READS[int(version.split(".")[0])]
        self._version = version
        self._cells: dict[str, Cell] = {}
        self._fresh: dict[str, Cell] = {}

    def open(self) -> None:
        """Read everything that is there; StorageError when it is not for this version."""
        for path in (self._data, self._hints):
            path.mkdir(parents=True, exist_ok=True)
        for path in self._files("pairs") + self._files("system") + self._logs():
            self._check(path)
        for path in self._files("pairs") + self._logs():
            for key, value, written in _lines(path):
                self._put(key, value, written)
        # As a real one does: its own system tables are the first that a new version writes.
        self._write("system", [["release_version", self._version, 0]])
        self._log = (self._data / f"CommitLog-{self.format}.log").open("a", encoding="utf-8")

    def apply(self, key: str, value: str, written: int) -> None:
        """In the commit log when it returns."""
        self._log.write(json.dumps([key, value, written]) + "\n")
        self._log.flush()
        self._put(key, value, written)
        self._fresh[key] = self._cells[key]

    def read(self, key: str) -> Cell | None:
        return self._cells.get(key)

    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self._data.iterdir())

    def drain(self) -> None:
        """All that is only in commit logs becomes a file of tables."""
        self._log.close()
        logged = {key: self._cells[key] for path in self._logs() for key, _, _ in _lines(path)}
        self._write("pairs", [[key, *cell] for key, cell in logged.items()])
        for path in self._logs():
            path.unlink()

    def hint(self, peer: str, key: str, value: str, written: int) -> None:
        """Keep a write for a peer that is away."""
        with (self._hints / peer).open("a", encoding="utf-8") as out:
            out.write(json.dumps([key, value, written]) + "\n")

    def take_hints(self, peer: str) -> list[list]:
        """The peer's hints; they are forgotten here."""
        path = self._hints / peer
        found = list(_lines(path)) if path.exists() else []
        path.unlink(missing_ok=True)
        return found

    def _put(self, key: str, value: str, written: int) -> None:
        """The last write wins; of two at the same time the greater value."""
        now = self._cells.get(key)
        if now is None or (written, value) > (now[1], now[0]):
            self._cells[key] = (value, written)

    def _write(self, table: str, rows: list[list]) -> None:
        number = len(self._files(table)) + 1
        path = self._data / f"{table}-{number:06}-{self.format}-big-Data.db"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    def _files(self, table: str) -> list[Path]:
        return sorted(self._data.glob(f"{table}-*-big-Data.db"))

    def _logs(self) -> list[Path]:
        return sorted(self._data.glob("CommitLog-*.log"))

    def _check(self, path: Path) -> None:
        found = path.stem.split("-")[1 if path.suffix == ".log" else 2]
        if found not in self._reads:
            raise StorageError(f"Cassandra {self._version} can't read {path.name}: "
                               f"format {found} is not one of {', '.join(sorted(self._reads))}")


def _lines(path: Path) -> Iterator[list]:
    """All whole lines; the last may have been cut by a kill."""
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return
