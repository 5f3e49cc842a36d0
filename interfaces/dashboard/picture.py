"""The timeline of an upgrade as a picture: a lane a member. Pure geometry; a template draws it."""
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ..progress import Progress

WIDTH, LEFT, RIGHT, TOP, LANE, BAR = 1000, 190, 16, 30, 26, 16
STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 24 * 3600)
MARKS = 12
WORDS = 6.5           # width of a letter, about


@dataclass(frozen=True)
class Bar:
    """A stretch of a lane; ``kind`` is old, new, work, undo or failed, and of all lanes pause."""

    x: float
    y: float
    width: float
    kind: str
    hint: str
    text: str = ""


@dataclass(frozen=True)
class Picture:
    """What the template draws."""

    width: int
    height: int
    bottom: int
    lanes: list[tuple[int, str]]
    marks: list[tuple[float, str]]
    bars: list[Bar]
    pauses: list[Bar]
    legend: list[tuple[float, str, str]]
    about: str


def picture(look: Progress, pauses: Iterable[tuple[float, float | None]] = ()
            ) -> Picture | None:
    """The picture, or None while there is nothing to draw.

    :param pauses: when it waited for a person: (began, ended), in seconds since the epoch; ended is
        None while it does.
    """
    members = look.members              # in the order of the table below it
    if look.started is None or not any(one.spans for one in members):
        return None
    scale = _Scale(look.started, max(look.elapsed_sec, 1.0))
    bottom = TOP + LANE * len(members)
    bars = [bar for lane, one in enumerate(members)
            for bar in _lane(look, one, scale, TOP + LANE * lane)]
    waited = [_pause(scale, began, ended) for began, ended in pauses]
    return Picture(
        WIDTH, bottom + 50, bottom,
        [(TOP + LANE * lane + BAR - 3, one.name) for lane, one in enumerate(members)],
        scale.marks(), bars, waited, _legend(look, bool(waited)), _about(look))


class _Scale:
    """Moments to places."""

    def __init__(self, start: float, span: float):
        self.start, self.span = start, span

    def x(self, moment: float) -> float:
        share = min(max((moment - self.start) / self.span, 0.0), 1.0)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def marks(self) -> list[tuple[float, str]]:
        step = next((one for one in STEPS if self.span / one <= MARKS), STEPS[-1])
        return [(self.x(self.start + second), _clock(second))
                for second in range(0, int(self.span) + 1, step)]


def _lane(look: Progress, member: Any, scale: _Scale, y: int) -> list[Bar]:
    bars, moment, kind, version = [], scale.start, "old", _first_version(look, member)
    end = scale.start + scale.span
    for what, began, ended, state in member.spans:
        bars.append(_bar(scale, y, (moment, began), kind, version, version))
        stop = end if ended is None else ended
        work = "failed" if state == "ERROR" else "undo" if what == "undo" else "work"
        bars.append(_bar(scale, y, (began, stop), work, _hint(member, work, stop - began)))
        moment, kind = stop, "" if work == "failed" else kind     # nobody knows what it runs then
        if state == "SUCCESS":
            kind = "old" if what == "undo" else "new"
            version = look.from_version if what == "undo" else look.to_version
    bars.append(_bar(scale, y, (moment, end), kind, version, version))
    return [bar for bar in bars if bar.width > 0 and bar.kind]


def _first_version(look: Progress, member: Any) -> str:
    planned = (look.plan or {}).get("members", [])
    return next((one["version"] for one in planned if one["id"] == member.id), look.from_version)


def _bar(scale: _Scale, y: int, span: tuple[float, float], kind: str, hint: str,
         text: str = "") -> Bar:
    x, to = scale.x(span[0]), scale.x(span[1])
    width = round(to - x, 1)
    if kind in ("work", "undo", "failed", "pause"):
        width = max(width, 3.0)              # the shortest work is still to be seen
    return Bar(x, y, width, kind, hint, text if width > WORDS * len(text) + 8 else "")


def _pause(scale: _Scale, began: float, ended: float | None) -> Bar:
    """Behind all lanes."""
    stop = scale.start + scale.span if ended is None else ended
    return _bar(scale, TOP, (began, stop), "pause", _("paused for %(seconds)d s") % {
        "seconds": round(stop - began)})


def _hint(member: Any, work: str, seconds: float) -> str:
    words = {"work": _("%(name)s: upgraded in %(seconds)d s"),
             "undo": _("%(name)s: put back in %(seconds)d s"),
             "failed": _("%(name)s: failed after %(seconds)d s")}
    return words[work] % {"name": member.name, "seconds": round(seconds)}


def _legend(look: Progress, paused: bool) -> list[tuple[float, str, str]]:
    entries = [("old", _("on %(version)s") % {"version": look.from_version}),
               ("work", _("being upgraded")),
               ("new", _("on %(version)s") % {"version": look.to_version})]
    spans = [span for one in look.members for span in one.spans]
    entries += [("failed", _("failed"))] if any(one[3] == "ERROR" for one in spans) else []
    entries += [("undo", _("being put back"))] if any(one[0] == "undo" for one in spans) else []
    entries += [("pause", _("paused"))] if paused else []
    placed, x = [], float(LEFT)
    for kind, text in entries:
        placed.append((x, kind, text))
        x += 38 + WORDS * len(text)
    return placed


def _about(look: Progress) -> str:
    return _("When each member of %(cluster)s was upgraded; the table below says the same.") % {
        "cluster": look.cluster}


def _clock(second: int) -> str:
    if second < 120:
        return _("%(number)d s") % {"number": second}
    if second < 7200:
        return _("%(number)d min") % {"number": second // 60}
    return _("%(number)d h") % {"number": second // 3600}
