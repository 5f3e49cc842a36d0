"""Progress, result and plan as lines of text."""
import os

from ..planning.documents import answer_of
from ..planning.groups import noun
from .progress import BETWEEN
from .terminal import Output, shown

MARKS = {"yes": "ok", "no": "REFUSES", "unknown": "unknown"}


def reporter(stream, plain=False):
    """Return what shows each Progress on a stream: redrawn on a terminal, else line by line."""
    stream = Output(stream)
    if plain or not stream.isatty() or os.environ.get("TERM") == "dumb":
        return Lines(lambda line: print(line, file=stream, flush=True))
    try:
        from rich.console import Console
    except ModuleNotFoundError:
        return reporter(stream, plain=True)
    from .live import Live
    return Live(Console(file=stream))


class Lines:
    """Says what changed since the last look, one line each; for logs and pipes.

    ``stamped``: each line begins with the seconds since the start.
    """

    def __init__(self, write, stamped=True):
        self._write = lambda line: write(shown(line))
        self._stamped = stamped
        self._phase = None
        self._states = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def __call__(self, look):
        """Write the changes of a Progress."""
        stamp = f"[{look.elapsed_sec:6.0f} s] " if self._stamped else ""
        phase = "paused" if look.state == "PAUSED" else look.phase
        if phase not in (self._phase, "done"):
            self._phase = phase
            self._write(stamp + phase)
        for member in look.members:
            if member.state == BETWEEN:
                continue
            if member.state != self._states.get(member.id, "waiting"):
                self._write(f"{stamp}{title(member)}: {member.state}{_took(member)}")
            self._states[member.id] = member.state


def named(look):
    """Return what an upgrade is about: its cluster or set, its versions and how it stands."""
    done = sum(member.state == "upgraded" for member in look.members)
    versions = f"{look.from_version} -> {look.to_version}, " if look.to_version else ""
    state = "paused" if look.state == "PAUSED" else look.phase
    return (f"{look.cluster or look.execution_id} ({versions}{state}, {done} of "
            f"{len(look.members)} members on the new version)")


def title(member):
    """Return 'name (role, domain)'."""
    about = ", ".join(part for part in (member.role, member.domain) if part)
    return f"{member.name} ({about})" if about else member.name


def _took(member):
    done = member.ended is not None and member.elapsed_sec is not None
    return f" after {member.elapsed_sec:.0f} s" if done else ""


def result_lines(look):
    """Return what a person should know at the end, or at a pause."""
    result = look.result or {}
    lines = [look.message or f"The upgrade is {look.state}."]
    for key in ("upgraded", "skipped", "rolled_back", "failed", "todo", "unknown"):
        if result.get(key):
            names = ", ".join(f"{one['name']} ({one['version'] or 'no answer'})"
                              for one in result[key])
            lines.append(f"  {key.replace('_', ' ')}: {names}")
    lines += [f"  {note}" for note in result.get("notes") or []]
    lines += [f"  to {key}: {result[key]}" for key in ("resume", "undo") if result.get(key)]
    return [shown(line) for line in lines]


def plan_lines(plan):
    """Return the plan for people: members in order, waves, checks, rollback path."""
    target = plan["to_version"]
    lines = [f"{noun(plan).capitalize()} {plan['cluster']['name']} ({plan['datastore']}): "
             f"{plan['from_version']} -> {target['name']}", "", "Order:"]
    lines += order_lines(plan)
    lines += ["", "Checks:", *check_lines(plan)]
    for key, label in (("rollback_path", "Rollback path"),
                       ("point_of_no_return", "Point of no return"), ("backup", "Backup")):
        lines += ["", f"{label}: {plan.get(key) or 'unknown'}"]
    lines += ["", "Finalise ({}): {}".format(*finalize_words(plan))]
    lines += [f"Note: {note}" for note in plan.get("notes") or []]
    lines += ["", "Ready." if plan["ready"] else "Not ready: a check refuses it."]
    return [shown(line) for line in lines]


def order_lines(plan):
    """Return the members in the order in which they go, by wave."""
    rows = [_member_row(plan, number, one) for number, wave in enumerate(plan["waves"], 1)
            for one in wave]
    return _table(rows or [("nothing to do",)])


def check_lines(plan):
    """Return the checks with their answers and remedies."""
    return _table([_check_row(check) for check in plan["checks"]])


def finalize_words(plan):
    """Return when the rollback path is closed, and by what."""
    finalize = plan.get("finalize") or {}
    return finalize.get("mode", "auto"), "; ".join(finalize.get("steps") or []) or "nothing to do"


def progress_lines(look):
    """Return the members, by wave, with their states."""
    waves = [*enumerate(look.waves, 1), ("-", look.untouched)]
    return [shown(f"wave {number}  {title(member)}: {member.state}") for number, wave in waves
            for member in wave]


def _member_row(plan, number, identifier):
    member = next(one for one in plan["members"] if one["id"] == identifier)
    return (f"wave {number}", member["name"], member["role"], member["domain"], member["version"])


def _check_row(check):
    mark = "skipped" if check["skipped"] else MARKS[answer_of(check)]
    remedy = "" if check["ok"] or not check.get("remedy") else f" -> {check['remedy']}"
    return (mark, check["name"], check["message"] + remedy)


def _table(rows):
    rows = [[shown(cell) for cell in row] for row in rows]
    columns = max(len(row) for row in rows) if rows else 0
    widths = [max((len(row[i]) for row in rows if len(row) > i), default=0)
              for i in range(columns)]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)
                             ).rstrip() for row in rows]
