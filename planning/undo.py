"""What a failure undoes: each member's evidence decides, never a published list alone."""
from typing import Any

from ..datastores.base import ClusterFacts, Driver, Facts, Member
from ..schemas import UpgradeError
from .documents import Plan, Version, Wave
from .versions import bears, number_of, runs
from .waves import all_waves


def scope(on_failure: str, errors: list[dict[str, Any]]) -> str:
    """``nothing`` when a step said stop, ``all`` for rollback, ``failed`` otherwise."""
    if any(error["class"] == "stop" for error in errors):
        return "nothing"
    return "all" if on_failure == "rollback" else "failed"


def ask_person(on_failure: str, errors: list[dict[str, Any]]) -> bool:
    """Whether the run waits for a person after the undoing, instead of ending."""
    over = any(error["class"] == "stop" or error["code"] == "aborted" for error in errors)
    return on_failure == "pause" and not over


def to_undo(plan: Plan, members: list[Member], facts: ClusterFacts,
            wanted: str, full_stop: bool = False) -> list[str]:
    """Ids of the members that this run touched and that must go back.

    Trove records the target before it starts the work, so every member that was ever asked bears
    the target's name, whatever became of it.

    :param full_stop: all members are stopped before Trove is asked for any, so one that is down has
        been touched, whatever Trove's record says.
    """
    known = {member.id: member for member in members}
    touched = {member.id for member in members if bears(member, plan["to_version"])
               or full_stop and not facts[member.id].healthy}
    mine = [one["id"] for one in plan["members"] if not one["done"] and one["id"] in touched]
    if wanted == "all":
        return mine
    if wanted == "failed":
        return [one for one in mine
                if known[one].failed or not _arrived(facts[one], plan["to_version"])]
    return []


def put_back(wave: Wave, members: list[Member], target: Version) -> list[str]:
    """Ids of the members that the rollback of a run has put back, as far as they are well: those
    of the waves before, and those that were chosen last but for whom Trove still has the target.

    :param wave: what the run has chosen last.
    """
    if not wave["back"]:
        return []
    return [*wave["done"], *(one.id for one in members
                             if one.id in wave["members"] and not bears(one, target))]


def next_undo(driver: Driver, facts: ClusterFacts, plan: Plan,
              todo: list[str]) -> list[str]:
    """The next members to put back: the unreachable ones at once, for they are unavailable already;
    then what else is broken, one by one; then the healthy ones in the driver's order. Where no
    member runs beside another version, all at once."""
    if driver.full_stop:
        return todo
    if silent := [one for one in todo if not facts[one].answers]:
        return silent
    waves = all_waves(driver, facts, todo, plan["options"], canary=False,
                      back=plan["direction"] != "back")
    broken = [[one] for wave in waves for one in wave if not facts[one].healthy]
    return next(iter([*broken, *waves]), [])


def check_rollback_path(driver: Driver, facts: ClusterFacts, plan: Plan,
                   wave: list[str]) -> None:
    """A cluster whose members only run together goes back together or not at all: that is asked
    before any member is touched again.

    :raises UpgradeError: code ``rollback_path_closed``, saying what to do.
    """
    if not driver.full_stop:
        return
    origins = {one["id"]: number_of(one["origin"]) for one in plan["members"]}
    closed = [reason for one in wave
              if (reason := driver.closed_rollback_path(facts, one, origins[one]))]
    if closed:
        raise UpgradeError("rollback_path_closed", "Nothing was put back: "
                           f"{'; '.join(dict.fromkeys(closed))}.", "stop")


def find_errors(failure: Any) -> list[dict[str, Any]]:
    """Every error of schemas/error.json inside whatever a failed task left behind, and the last
    words of the engine itself where there is nothing better."""
    found = list(_errors(failure))
    if found or not failure:
        return found
    words = f"A step ended without an answer: {_words(failure)}"
    return [UpgradeError("engine_error", words).as_dict()]


def _arrived(facts: Facts, target: Version) -> bool:
    return facts.healthy and runs(facts.version, target)


def _errors(value: Any):
    if isinstance(value, dict):
        if {"code", "class", "message"} <= value.keys():
            yield value
            return
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from _errors(entry)


def _words(failure: Any) -> str:
    if isinstance(failure, dict):
        failure = failure.get("result", failure)
    text = " ".join(str(failure).split())
    return text if len(text) <= 300 else text[:297] + "..."


def reasons(errors: list[dict[str, Any]]) -> str:
    """The errors as one text, each told once."""
    return " ".join(dict.fromkeys(error["message"] for error in errors))
