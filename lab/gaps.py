"""How long nothing could be written: gaps between successful writes."""
from collections.abc import Iterable

SHOWN_SEC = 0.25        # shorter gaps are the client's own pace and are not listed


def gaps(moments: Iterable[float], start: float, end: float) -> list[tuple[float, float]]:
    """(from, to) between neighbouring successes, the edges of the load included."""
    edges = [start, *sorted(moments), end]
    return list(zip(edges, edges[1:], strict=False))


def longest(moments: Iterable[float], start: float, end: float) -> float:
    """Seconds of the longest gap; the whole load when nothing succeeded."""
    return max((to - since for since, to in gaps(moments, start, end)), default=0.0)


def listed(moments: Iterable[float], start: float, end: float, scope: str) -> list[dict]:
    """The gaps worth a picture: {scope, from, to, sec}, unix times."""
    return [{"scope": scope, "from": round(since, 3), "to": round(to, 3),
             "sec": round(to - since, 3)}
            for since, to in gaps(moments, start, end) if to - since >= SHOWN_SEC]
