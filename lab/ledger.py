"""What the cluster said it had written, and whether it still has it."""
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

CHUNK = 500


@dataclass
class Verdict:
    """The ledger read back. A write is lost when the cluster answers without its value."""

    acknowledged: int = 0
    lost: int = 0
    unreadable: int = 0        # nobody answered for it, so nobody knows
    examples: list[str] = field(default_factory=list)   # some lost keys


class Ledger:
    """Key -> value of every acknowledged write. Keys are written once each.

    parts: of the data that can be out of service one by one; part_of: the key's, 0 ...
    """

    def __init__(self, parts: int = 1, part_of: Callable[[str], int] = lambda key: 0):
        self.parts, self.part_of = parts, part_of
        self._written: dict[str, str] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._written)

    def record(self, key: str, value: str) -> None:
        """The cluster has acknowledged this write."""
        with self._lock:
            self._written[key] = value

    def value(self, key: str) -> str | None:
        return self._written.get(key)

    def read_back(self, read: Callable[[list[str]], list[str | None]]) -> Verdict:
        """Ask the cluster for everything; read(keys) -> values, raising when unanswered.

        Part by part, so that one dead shard does not hide the others. After a part has
        failed twice the rest of it counts as unreadable, or this would take hours.
        """
        verdict = Verdict(acknowledged=len(self._written))
        for part in range(self.parts):
            failures = 0
            for keys in _chunks([k for k in self._written if self.part_of(k) == part]):
                try:
                    values = read(keys) if failures < 2 else None
                except Exception:  # noqa: BLE001  whatever the client raises, it got no answer
                    failures, values = failures + 1, None
                self._count(verdict, keys, values)
        return verdict

    def _count(self, verdict: Verdict, keys: list[str], values: list[str | None] | None) -> None:
        if values is None:
            verdict.unreadable += len(keys)
            return
        lost = [key for key, value in zip(keys, values, strict=True)
                if value != self._written[key]]
        verdict.lost += len(lost)
        verdict.examples = (verdict.examples + lost)[:10]


def _chunks(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start:start + CHUNK]
