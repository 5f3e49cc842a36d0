"""A plan as the form shows it. Pure."""
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ...planning.documents import CheckResult, answer_of
from ...planning.versions import called
from . import words

WORST_FIRST = ("danger", "warning", "success")


@dataclass(frozen=True)
class Wave:
    """The members that go together."""

    number: int
    members: list[dict[str, Any]]


@dataclass(frozen=True)
class Check:
    """A check with its answer as a word, and Bootstrap's word for it."""

    name: str
    text: str
    remedy: str
    answer: str
    look: str


@dataclass(frozen=True)
class Shown:
    """What the form shows of a plan."""

    ready: bool
    from_version: str
    to_version: str
    waves: list[Wave]
    done: list[dict[str, Any]]
    checks: list[Check]
    refusals: list[Check]
    skipped: list[Check]
    texts: list[tuple[str, str]]
    notes: list[str]


def show(plan: dict[str, Any]) -> Shown:
    """From schemas/plan.json."""
    members = {one["id"]: {**one, "role": words.ROLES.get(one["role"], one["role"])}
               for one in plan["members"]}
    checks = sorted(map(_check, plan["checks"]), key=lambda one: WORST_FIRST.index(one.look))
    return Shown(
        plan["ready"], plan["from_version"], called(plan["to_version"]),
        [Wave(number, [members[one] for one in wave])
         for number, wave in enumerate(plan["waves"], 1)],
        [one for one in members.values() if one["done"]], checks,
        [one for one in checks if one.look == "danger"],
        [one for one in checks if one.look == "warning"], _texts(plan), plan["notes"])


def _check(check: CheckResult) -> Check:
    answer, look = words.ANSWERS[answer_of(check)], "success" if check["ok"] else "danger"
    if check["skipped"]:
        answer, look = _("skipped"), "warning"
    return Check(check["name"], check["message"], "" if check["ok"] else check["remedy"], answer,
                 look)


def _texts(plan: dict[str, Any]) -> list[tuple[str, str]]:
    finalize = plan["finalize"]
    when = {"auto": _("at the end of the run"), "manual": _("when you ask for it")}
    steps = "; ".join(finalize["steps"]) or _("nothing to do")
    return [(_("Rollback path"), plan["rollback_path"]),
            (_("Point of no return"), plan["point_of_no_return"]),
            (_("Closing the rollback path"), f"{when[finalize['mode']]}: {steps}"),
            (_("Backup"), plan["backup"])]
