"""Which upgrades go at once. Each run that asks computes the same answer and admits only itself.

1. Those that wait stand in the order in which their executions were created; one that goes back to
   an older version, as a person asked, stands before all that go forward.
2. A project that has its share of those at once, under way or before it in the queue, is passed
   over, so it holds up nobody else.
3. As many as there is room for are admitted.

Two that ask at the same moment may both be admitted: this bounds load, and the lock alone is for
safety.
"""
import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypedDict

OF_ENGINE = 10          # more at once make one engine process no faster
SHORTEST_SEC, LONGEST_SEC = 5, 300
GOING_BACK = "not_a_downgrade"      # the check that is skipped on every way to an older version


@dataclass(frozen=True)
class Ticket:
    """A run that has asked, and is running.

    :ivar created: when its execution was, by Mistral's clock (ISO 8601).
    :ivar back: it goes back to an older version.
    """

    run: str
    project_id: str
    created: str
    back: bool = False
    admitted: bool = False


@dataclass(frozen=True)
class Limits:
    """How many upgrades go at once, and how many of them may be of one project."""

    at_once: int
    of_project: int


class Turn(TypedDict):
    """What a run is told: its place among those that wait (0: it does not), how many they are, and
    after how many seconds to ask again."""

    admitted: bool
    place: int
    of: int
    wait_sec: int


ADMITTED: Turn = {"admitted": True, "place": 0, "of": 0, "wait_sec": 0}


def limits(engines: int, at_once: int = 0, of_project: int = 0, one_user: bool = False) -> Limits:
    """The limits of a site; 0 stands for the default.

    :param one_user: all runs that can be seen are of one project, which shares with nobody.
    """
    at_once = at_once or OF_ENGINE * engines
    return Limits(at_once, at_once if one_user else of_project or math.ceil(at_once / 2))


def turn(tickets: Collection[Ticket], run: str, limit: Limits, last: Turn | None = None) -> Turn:
    """What the run is told.

    :param tickets: of all runs that are running and have asked.
    :param last: what it was told before.
    """
    under_way = {one.run for one in tickets if one.admitted}
    first, later = _line(tickets, limit.of_project)
    if run in under_way or run in first[:max(0, limit.at_once - len(under_way))]:
        return ADMITTED
    line = [*first, *later]
    place = line.index(run) + 1 if run in line else 0
    return {"admitted": False, "place": place, "of": len(line), "wait_sec": wait_sec(place, last)}


def _line(tickets: Collection[Ticket], of_project: int) -> tuple[list[str], list[str]]:
    """Who waits, in order: those that go when there is room, and those whose project has its
    share."""
    taken = Counter(one.project_id for one in tickets if one.admitted)
    first: list[str] = []
    later: list[str] = []
    waiting = [one for one in tickets if not one.admitted]
    for one in sorted(waiting, key=lambda each: (not each.back, each.created, each.run)):
        (first if taken[one.project_id] < of_project else later).append(one.run)
        taken[one.project_id] += 1
    return first, later


def wait_sec(place: int, last: Turn | None = None) -> int:
    """Seconds until it asks again: the less, the nearer its turn is, as fast as the queue moved
    since it was told its last place."""
    if last is None:
        due = SHORTEST_SEC + place
    elif (moved := last["place"] - place) > 0:
        due = last["wait_sec"] * place // moved
    else:
        due = 2 * last["wait_sec"]
    return max(SHORTEST_SEC, min(due, 5 * place + 2 * SHORTEST_SEC, LONGEST_SEC))
