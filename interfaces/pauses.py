"""When an upgrade waited for a person. Pure: from executions and tasks as Mistral's API gives them.

Where its workflows pause, their tasks tell it. Mistral's own pause leaves no trace once it is over,
so who resumes notes it in the environment of the execution.
"""
from typing import Any

from .progress import ENDED, as_object, seconds

NOTED = "trove_upgrade_pauses"      # in the environment: [[began, ended], ...]
LATEST = 253402300799.0     # the end of the year 9999

Pause = tuple[float, float | None]


def pauses(top: dict[str, Any], holds: list[dict[str, Any]]) -> list[Pause]:
    """Return each pause once, in order: (began, ended), in seconds since the epoch; ended is None
    while it goes on.

    :param top: the execution that is paused and resumed, with its params.
    :param holds: tasks where the workflows pause.
    """
    told = [(seconds(one["created_at"]),
             seconds(one["updated_at"]) if one["state"] in ENDED else None) for one in holds]
    told += [(began, ended) for began, ended in _noted(top)]
    told += [(seconds(top["updated_at"]), None)] if top["state"] == "PAUSED" else []
    return _merged(told)


def note(top: dict[str, Any], now: float) -> dict[str, Any]:
    """Return the environment that tells of the pause which ends now."""
    return {NOTED: [*_noted(top), [seconds(top["updated_at"]), now]]}


def _noted(top: dict[str, Any]) -> list[list[float]]:
    """Whoever may start or resume it can write there, so only what can be times is believed."""
    found = as_object(as_object(top.get("params")).get("env")).get(NOTED)
    return [one for one in found if _are_times(one)] if isinstance(found, list) else []


def _are_times(pair: Any) -> bool:
    return (isinstance(pair, list) and len(pair) == 2
            and all(type(one) in (int, float) and 0 <= one <= LATEST for one in pair))


def _merged(told: list[Pause]) -> list[Pause]:
    """Both ways may tell of one pause."""
    found: list[Pause] = []
    for began, ended in sorted(told, key=lambda one: one[0]):
        if found and (found[-1][1] is None or began <= found[-1][1]):
            last = found[-1]
            ended = None if None in (last[1], ended) else max(last[1], ended)
            found[-1] = (last[0], ended)
        else:
            found.append((began, ended))
    return found
