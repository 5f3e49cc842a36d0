"""Version paths as data: which release series may follow which, and the words for a refusal."""
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Series = tuple[int, ...]


@dataclass(frozen=True)
class Paths:
    """A vendor's table of upgrades.

    Upgrades inside a series are always allowed. Going to an older series is not answered here
    unless ``no_way_down`` says why it never works: the check ``not_a_downgrade`` asks about that.

    :ivar follows: series -> the series that it may directly follow, as texts: ``{"9.1": ["9.0"]}``.
    :ivar source: the manual that the table comes from; told with every refusal.
    :ivar parts: how many numbers of a version name its series: 2 for 9.1.2 of series 9.1.
    :ivar no_way_down: why an older series can't follow a newer one; empty when it may.
    """

    follows: Mapping[str, Iterable[str]]
    source: str
    parts: int = 2
    no_way_down: str = ""

    def verdict(self, origin: str, target: str) -> str:
        """Why version ``target`` may not follow ``origin``; empty when it may."""
        start, end = self.series(origin), self.series(target)
        if not start or not end or start == end:
            return ""
        if end < start:
            return f"{target} can't follow {origin}: {self.no_way_down}." if self.no_way_down \
                else ""
        steps = self._steps(start, end)
        if steps is None:
            return (f"No way from {origin} to {target} is known ({self.source}); if the manual "
                    "has one by now, skip this check by name.")
        if len(steps) == 1:
            return ""
        return (f"{origin} must first be brought to {', then to '.join(steps[:-1])}, before "
                f"{target} ({self.source}).")

    def series(self, version: str) -> Series:
        """``"v9.1.2-3"`` -> ``(9, 1)``; empty when there are not so many numbers in it."""
        found = tuple(int(part) for part in re.findall(r"\d+", version)[:self.parts])
        return found if len(found) == self.parts else ()

    def _steps(self, start: Series, end: Series) -> list[str] | None:
        """The shortest chain of series after ``start`` up to ``end``, walked back from the end."""
        chains: list[tuple[Series, ...]] = [(end,)]
        seen = {end}
        names = {self.series(name): name for name in self.follows}
        while chains:
            chain = chains.pop(0)
            if chain[0] == start:
                return [names[one] for one in chain[1:]]
            for before in map(self.series, self.follows.get(names.get(chain[0], ""), ())):
                if before not in seen:
                    seen.add(before)
                    chains.append((before, *chain))
        return None


def in_turn(*series: str) -> dict[str, list[str]]:
    """The table of a datastore that must go through every series in order."""
    return {after: [before] for before, after in zip(series, series[1:], strict=False)}
