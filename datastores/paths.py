"""Version paths as data: rules that say why one version may not follow another.

A datastore states its rules in its own ``paths.py`` and sets :attr:`Driver.paths`. A rule is asked
by :meth:`Rule.verdict`, with version numbers such as ``"10.11.18"``; its answer is one sentence for
people, empty where the rule does not object.
"""
import abc
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Series = tuple[int, ...]


def series(version: str, parts: int = 2) -> Series:
    """The first numbers of a version: ``"v9.1.2-3"`` -> ``(9, 1)``, and ``"9"`` -> ``(9, 0)``.

    :param parts: how many numbers name a series.
    :return: empty when there is no number in the version.
    """
    found = [int(part) for part in re.findall(r"\d+", version or "")[:parts]]
    return (*found, *[0] * (parts - len(found))) if found else ()


def series_text(version: str) -> str:
    """``"9.1.2-3"`` -> ``"9.1"``; empty when there is no number in the version."""
    return ".".join(map(str, series(version)))


class Rule(abc.ABC):
    """One thing that keeps a version from following another."""

    @abc.abstractmethod
    def verdict(self, origin: str, target: str) -> str:
        """Why version ``target`` may not follow ``origin``; empty when it may."""


class Rules(Rule):
    """Several rules, of which the first that objects is told."""

    def __init__(self, *rules: Rule):
        self._rules = rules

    def verdict(self, origin: str, target: str) -> str:
        return next(filter(None, (rule.verdict(origin, target) for rule in self._rules)), "")


class Numbered(Rule):
    """A version without a number follows none that has one, nor the other way round."""

    def verdict(self, origin: str, target: str) -> str:
        if bool(series(origin)) == bool(series(target)):
            return ""
        return f"{target} can't follow {origin}: one of them tells no number to be judged by."


@dataclass(frozen=True)
class Oldest(Rule):
    """Nothing older than a series can be upgraded in this way.

    :ivar name: the series, such as ``"4.0"``.
    :ivar why: what the older ones lack.
    """

    name: str
    why: str

    def verdict(self, origin: str, target: str) -> str:
        if series(origin) >= series(self.name):
            return ""
        return f"{origin} must first be brought to {self.name}: {self.why}."


@dataclass(frozen=True)
class NotOlder(Rule):
    """Nothing goes to an older series.

    :ivar why: what keeps it from doing so.
    :ivar parts: how many numbers of a version are compared.
    """

    why: str
    parts: int = 2

    def verdict(self, origin: str, target: str) -> str:
        if series(target, self.parts) >= series(origin, self.parts):
            return ""
        return f"{target} can't follow {origin}: {self.why}."


@dataclass(frozen=True)
class SameSeries(Rule):
    """Nothing leaves its series, neither for a newer nor for an older one.

    :ivar why: what keeps it from doing so.
    :ivar parts: how many numbers of a version name its series.
    """

    why: str
    parts: int = 1

    def verdict(self, origin: str, target: str) -> str:
        if self.series(origin) == self.series(target):
            return ""
        return f"{target} can't follow {origin}: {self.why}."

    def series(self, version: str) -> Series:
        """See :func:`series`."""
        return series(version, self.parts)


class NoJump(Rule):
    """No series of a list is jumped over, and none newer than the last one is known.

    Others may be where they lie: 10.7 may go to 10.11 when the list has 10.6 and 10.11.

    :param names: the series in order, such as ``"10.6", "10.11"``.
    """

    def __init__(self, *names: str):
        self._names = {series(name): name for name in names}

    def verdict(self, origin: str, target: str) -> str:
        start, end = series(origin), series(target)
        newest = max(self._names)
        if start < end and end > newest:
            return (f"{series_text(target)} is newer than this driver knows "
                    f"({self._names[newest]}).")
        between = [name for step, name in self._names.items() if start < step < end]
        return f"{origin} must first be brought to {between[0]}." if between else ""


@dataclass(frozen=True)
class Paths(Rule):
    """A vendor's table of upgrades.

    Upgrades inside a series are allowed, and a version without a number is not judged. Going to an
    older series is not answered here unless ``no_way_down`` says why it never works: the check
    ``not_a_downgrade`` asks about that.

    :ivar follows: series -> the series that it may directly follow, as texts: ``{"9.1": ["9.0"]}``.
    :ivar source: the manual that the table comes from; told with every refusal.
    :ivar parts: how many numbers of a version name its series: 2 for 9.1.2 of series 9.1.
    :ivar no_way_down: why an older series can't follow a newer one; empty when it may.
    :ivar both_ways: an older series is reached by the same steps, one by one.
    :ivar strict: a version that the table does not have is refused within its series, too.
    :ivar skips: what is said when steps are left out. It may name ``origin`` and ``target``, their
        series ``start`` and ``end``, the ``steps`` between with commas or, with words, as ``then``,
        the ``first`` of them, the ``source``, and the table's series in ``known``.
    :ivar unknown: what is said when there is no way by the table. It may also name the ``stranger``
        that the table does not have, and as ``hint`` what may follow the origin.
    """

    follows: Mapping[str, Iterable[str]]
    source: str
    parts: int = 2
    no_way_down: str = ""
    both_ways: bool = False
    strict: bool = False
    skips: str = "{origin} must first be brought to {then}, before {target} ({source})."
    unknown: str = ("No way from {origin} to {target} is known ({source}); if the manual has one "
                    "by now, skip this check by name.")

    def verdict(self, origin: str, target: str) -> str:
        start, end = self.series(origin), self.series(target)
        if start == end and (not self.strict or start in self._listed()):
            return ""
        if not self.strict and not (start and end):
            return ""
        if end < start and not self.both_ways:
            return f"{target} can't follow {origin}: {self.no_way_down}." if self.no_way_down \
                else ""
        between = self._between(start, end) if start != end else None
        if between == []:
            return ""
        template = self.unknown if between is None else self.skips
        return template.format(**self._told(origin, target, between or []))

    def series(self, version: str) -> Series:
        """See :func:`series`."""
        return series(version, self.parts)

    def _between(self, start: Series, end: Series) -> list[str] | None:
        """The steps between two series, in either direction; None when there is no way."""
        if end > start:
            return self._chain(start, end)
        back = self._chain(end, start)
        return back and back[::-1]

    def _chain(self, start: Series, end: Series) -> list[str] | None:
        """The shortest chain of series between ``start`` and ``end``, walked back from the end; of
        several the one whose last steps stand first in the table."""
        chains: list[tuple[Series, ...]] = [(end,)]
        seen = {end}
        names = {self.series(name): name for name in self.follows}
        while chains:
            chain = chains.pop(0)
            if chain[0] == start:
                return [names[one] for one in chain[1:-1]]
            for before in map(self.series, self.follows.get(names.get(chain[0], ""), ())):
                if before not in seen:
                    seen.add(before)
                    chains.append((before, *chain))
        return None

    def _listed(self) -> dict[Series, str]:
        """Every series of the table, in order, and what the table calls it."""
        names = {*self.follows, *(one for before in self.follows.values() for one in before)}
        return {self.series(name): name for name in sorted(names, key=self.series)}

    def _told(self, origin: str, target: str, between: list[str]) -> dict[str, str]:
        start, end = self.series(origin), self.series(target)
        after = [name for name, before in self.follows.items() if start in map(self.series, before)]
        known = self._listed()
        return {"origin": origin, "target": target, "source": self.source,
                "start": ".".join(map(str, start)), "end": ".".join(map(str, end)),
                "steps": ", ".join(between), "then": ", then to ".join(between),
                "first": between[0] if between else "", "known": ", ".join(known.values()),
                "stranger": target if start in known else origin,
                "hint": f"go to {' or '.join(after)} first" if after else "no step is known"}


def in_turn(*series: str) -> dict[str, list[str]]:
    """The table of a datastore that must go through every series in order."""
    return {after: [before] for before, after in zip(series, series[1:], strict=False)}
