"""What the progress page shows of an upgrade. Pure: from a Progress, no I/O."""
import datetime
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...planning.verdict import LISTS
from ..progress import Member, Progress
from . import words

PHASE_STEPS = {"queued": "plan", "planning": "plan", "locking": "check", "preflight": "check",
               "backing up": "check",
               "upgrading": "members", "holding": "members", "baking": "members",
               "verifying": "verify", "rolling back": "undo", "finalising": "finish"}
AT_WORK = ("under way", "switching over", "requested", "awaiting evidence", "rolling back")

NOT_STEERED = ("rolling back", "finalising")      # neither is paused or aborted


@dataclass
class Step:
    """A step of the way; ``state`` is done, current, waiting or failed."""

    key: str
    title: Any
    about: Any
    state: str = "waiting"


@dataclass
class Row:
    """A member in the table."""

    wave: str
    name: str
    role: Any
    domain: str
    version: str
    state: Any
    look: str
    started: datetime.datetime | None
    took_sec: int | None


@dataclass
class Look:
    """Everything that the page shows and that changes while it is looked at."""

    progress: Progress
    kind: str
    headline: str
    detail: str
    alert: str
    steps: list[Step]
    rows: list[Row]
    done: int
    failed: int
    actions: list[str] = field(default_factory=list)
    next: Any = ""
    again: bool = False
    tally: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.progress.ended

    @property
    def status(self) -> str:
        """As in schemas/result.json; empty while it runs, and without a report."""
        return _status(self.progress)

    @property
    def result(self) -> dict:
        return self.progress.result or {}


def look_at(progress: Progress, kind: str, may: bool, newest: bool = True) -> Look:
    """The page of an upgrade.

    :param kind: upgrade or finalize.
    :param may: whether who looks may also act.
    :param newest: whether nothing came after it that changed the cluster.
    """
    members = progress.members
    done = sum(one.state == "upgraded" for one in members)
    return Look(
        progress, kind, headline=_headline(progress, kind), detail=_detail(progress, done),
        alert=_alert(progress), steps=_steps(progress, kind), rows=_rows(progress), done=done,
        failed=sum(one.state == "failed" for one in members),
        actions=_actions(progress, kind, newest) if may else [],
        next=_next(progress, kind), again=may and newest and _again(progress, kind),
        tally=_tally(progress.result or {}))


def _status(progress: Progress) -> str:
    """How it ended by its own report; empty when it could make none, ended by hand, say."""
    result = progress.result or {}
    silent = result.get("status") == "failed" and not (
        result.get("errors") or any(result.get(one) for one in LISTS))
    return "" if silent else result.get("status", "")


def _headline(progress: Progress, kind: str) -> str:
    if progress.ended:
        return progress.message or str(words.RUN_STATES[progress.state])
    if progress.state == "PAUSED":
        return _("Paused. Nothing is touched until you resume it.")
    if kind == "finalize":
        return _("Closing the rollback path.")
    if progress.place:
        return _("Waiting for its turn: place %(place)s of %(all)s. Nothing is changed yet.") % {
            "place": progress.place[0], "all": progress.place[1]}
    if progress.phase == "upgrading":
        return _now_at_work(progress)
    if progress.phase == "rolling back":
        return " ".join([*_failures(progress), str(words.NOW[progress.phase])])
    return str(words.NOW.get(progress.phase, progress.phase))


def _now_at_work(progress: Progress) -> str:
    names = ", ".join(one.name for one in progress.members if one.state in AT_WORK)
    if names:
        return _("Upgrading %(names)s.") % {"names": names}
    return _("Asking all members whether the next one may go.")


def _failures(progress: Progress) -> list[str]:
    return [_("%(name)s failed: %(reason)s") % {"name": one.name, "reason": one.failure}
            for one in progress.members if one.failure]


def _detail(progress: Progress, done: int) -> str:
    everybody = len(progress.members)
    if not everybody:
        return ""
    count = ngettext("%(done)s of %(all)s member is on %(version)s.",
                     "%(done)s of %(all)s members are on %(version)s.", everybody) % {
        "done": done, "all": everybody, "version": progress.to_version}
    return f"{count} {_('No member is lost.')}" if progress.state == "SUCCESS" else count


def _alert(progress: Progress) -> str:
    """Bootstrap's word for how good the news are."""
    if progress.state == "PAUSED" or progress.phase == "rolling back":
        return "warning"
    if not progress.ended:
        return "info"
    if progress.state == "SUCCESS":
        return "success"
    return "warning" if _status(progress) in ("rolled_back", "aborted", "refused") else "danger"


# Steps
def _steps(progress: Progress, kind: str) -> list[Step]:
    if kind == "finalize":
        return []
    undone = _is_undone(progress)
    steps = [Step(*each) for each in words.STEPS]
    if undone:
        steps[3] = Step(*words.UNDO)
    current = _last(progress, undone) if progress.ended else _current(progress)
    for number, step in enumerate(steps):
        step.state = "done" if number < current else "waiting"
    if current < len(steps):
        steps[current].state = "failed" if progress.ended else "current"
    if undone:
        steps[2].state = "failed"
    return steps


def _is_undone(progress: Progress) -> bool:
    """Whether what was done is, or was, put back; an upgrade that went well after that is not."""
    if progress.phase == "rolling back":
        return True
    touched_back = any(what == "undo" for one in progress.members for what, *_ in one.spans)
    return touched_back and progress.ended and progress.state != "SUCCESS"


def _current(progress: Progress) -> int:
    """Number of the step in hand."""
    key = PHASE_STEPS.get(progress.phase, "members")
    if progress.phase == "baking" and all(one.state == "upgraded" for one in progress.members):
        key = "verify"
    return ("plan", "check", "members", "verify", "finish").index(key if key != "undo" else
                                                                  "verify")


def _last(progress: Progress, undone: bool) -> int:
    """Number of the step where it ended before its time; all of them when it did not."""
    if progress.state == "SUCCESS" or undone and _status(progress):
        return len(words.STEPS)
    if progress.plan is None:
        return 0
    return 1 if _status(progress) == "refused" else 2


# Members
def _rows(progress: Progress) -> list[Row]:
    waves = [(str(number), wave) for number, wave in enumerate(progress.waves, 1)]
    return [_row(number, one) for number, wave in (*waves, ("", progress.untouched))
            for one in wave]


def _row(wave: str, one: Member) -> Row:
    started = None if one.started is None else datetime.datetime.fromtimestamp(
        one.started, datetime.UTC)
    return Row(wave, one.name, words.ROLES.get(one.role, one.role), one.domain, one.version,
               words.MEMBER_STATES.get(one.state, one.state),
               words.MEMBER_STYLES.get(one.state, "info"), started,
               None if one.elapsed_sec is None else round(one.elapsed_sec))


# What can be done now
def _actions(progress: Progress, kind: str, newest: bool) -> list[str]:
    if progress.ended:
        return _afterwards(progress, kind) if newest else []
    if kind == "finalize":
        return []
    if progress.state == "PAUSED":
        return ["resume", "abort"]
    return [] if progress.phase in NOT_STEERED else ["pause", "abort"]


def _afterwards(progress: Progress, kind: str) -> list[str]:
    result, plan = progress.result or {}, progress.plan or {}
    if kind != "upgrade" or not plan:
        return []
    open_still = (plan["finalize"]["mode"] == "manual" and plan["direction"] == "forward"
                  and result.get("status") == "upgraded")
    return [*(["finalize"] if open_still else []), *(["rollback"] if result.get("undo") else [])]


def _next(progress: Progress, kind: str) -> Any:
    status = _status(progress)
    if not progress.ended or progress.state == "SUCCESS" or kind == "finalize":
        return ""
    return words.NEXT.get(status, words.NEXT_UNKNOWN)


def _tally(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Who ended how, as the members' own servers report."""
    titles = (("upgraded", _("Upgraded")), ("skipped", _("Were there already")),
              ("rolled_back", _("Put back")), ("failed", _("Failed")), ("todo", _("Not touched")),
              ("unknown", _("Not known: nobody could ask them")))
    return [(title, ", ".join(f"{one['name']} ({one['version'] or _('no answer')})"
                              for one in result[key]))
            for key, title in titles if result.get(key)]


def _again(progress: Progress, kind: str) -> bool:
    return bool(kind == "upgrade" and progress.ended and progress.state != "SUCCESS")
