"""Lists that one client each appends to, and what the cluster has made of them.

A key that is written once tells what was lost. A list tells what was written twice, and what came
in another order, too.
"""
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from .kinds.base import LIST_LENGTH

FAILURES = 2      # of reads of one part; then the rest of it counts as unreadable


@dataclass
class OwnList:
    """One list, to which one client alone appends, one item after the other; each item is another.

    :ivar tried: all items, in the order in which they were appended.
    :ivar acknowledged: those of them that the cluster has acknowledged. Of the others nobody knows
        the outcome: each may be there once, and may have come late.
    """

    name: str
    tried: list[str] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)

    @property
    def full(self) -> bool:
        return len(self.tried) >= LIST_LENGTH


@dataclass
class Verdict:
    """Items that were acknowledged and are not there, are there more than once, or stand behind one
    that was appended later."""

    missing: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    appends: int = 0           # acknowledged
    unreadable: int = 0        # of them; nobody answered for their lists, so nobody knows

    def __iadd__(self, other: "Verdict") -> "Verdict":
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    def as_dict(self) -> dict[str, int]:
        """Their numbers, without the unreadable ones."""
        return {"appends": self.appends, "missing": len(self.missing),
                "duplicated": len(self.duplicated), "reordered": len(self.reordered)}


def judge(own: OwnList, found: Sequence[str]) -> Verdict:
    """What has become of a list, by what was found in it."""
    times = Counter(found)
    return Verdict(missing=[item for item in own.tried
                            if item in own.acknowledged and item not in times],
                   duplicated=[item for item, number in times.items() if number > 1],
                   reordered=_reordered(own, list(times)), appends=len(own.acknowledged))


def _reordered(own: OwnList, found: list[str]) -> list[str]:
    """Acknowledged items behind one that was appended only after they had been acknowledged."""
    numbers = {item: number for number, item in enumerate(own.tried)}
    behind, newest = [], -1
    for item in found:
        number = numbers.get(item, newest)
        if number < newest and item in own.acknowledged:
            behind.append(item)
        newest = max(newest, number)
    return behind


def read_back(lists: Iterable[OwnList], read: Callable[[str], list[str]],
              part_of: Callable[[str], int]) -> Verdict:
    """Ask the cluster for all lists; read(name) -> items, raising when unanswered.

    :param part_of: the part of the data that a list is in; one dead part does not hide the others.
    """
    verdict, failures = Verdict(), Counter[int]()
    for own in lists:
        part = part_of(own.name)
        try:
            found = read(own.name) if failures[part] < FAILURES else None
        except Exception:  # noqa: BLE001  whatever the client raises, it got no answer
            failures[part], found = failures[part] + 1, None
        verdict += judge(own, found) if found is not None else Verdict(
            appends=len(own.acknowledged), unreadable=len(own.acknowledged))
    return verdict
