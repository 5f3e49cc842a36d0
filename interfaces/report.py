"""Progress, result and plan as lines of text."""
import os
import textwrap

from ..planning.documents import answer_of
from ..planning.groups import noun
from ..planning.versions import called
from . import names, site
from .progress import BETWEEN
from .terminal import Output, duration, shown

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
        phase = look.standing
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
    return (f"{look.cluster or look.execution_id} ({versions}{look.standing}, {done} of "
            f"{len(look.members)} members on the new version)")


def title(member):
    """Return 'name (role, domain)'."""
    about = ", ".join(part for part in (member.role, member.domain) if part)
    return f"{member.name} ({about})" if about else member.name


def _took(member):
    done = member.ended is not None and member.elapsed_sec is not None
    return f" after {duration(member.elapsed_sec)}" if done else ""


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
    lines += site.more_on_errors(result.get("errors") or [])
    return [shown(line) for line in lines]


def plan_lines(plan, width=None):
    """Return the plan for people: members in order, waves, checks, rollback path.

    :param width: characters that a line of its tables may have; None: as many as it takes.
    """
    lines = [f"{noun(plan).capitalize()} {plan['cluster']['name']} ({plan['datastore']}): "
             f"{plan['from_version']} -> {called(plan['to_version'])}", "",
             *order_lines(plan, "Order", width)]
    lines += ["", "Checks:", *check_lines(plan, width), *site.more_on_checks(plan["checks"])]
    for key, label in (("rollback_path", "Rollback path"),
                       ("point_of_no_return", "Point of no return"), ("backup", "Backup")):
        lines += ["", f"{label}: {plan.get(key) or 'unknown'}"]
    lines += ["", "Finalise ({}): {}".format(*finalize_words(plan))]
    lines += [f"Note: {note}" for note in plan.get("notes") or []]
    lines += ["", "Ready." if plan["ready"] else "Not ready: a check refuses it."]
    return [shown(line) for line in lines]


def order_lines(plan, title="", width=None):
    """Return the members in the order in which they go, by wave.

    :param title: of the table; without one no name is shortened.
    """
    rows = [[*map(shown, _member_row(plan, number, one))]
            for number, wave in enumerate(plan["waves"], 1) for one in wave]
    fitted, prefix = names.fit([row[1] for row in rows], names.room_of(rows, 1, width))
    table = _table([(row[0], fitted[row[1]], *row[2:]) for row in rows] or [("nothing to do",)])
    return [f"{title}{names.told(prefix)}:", *table] if title else table


def check_lines(plan, width=None):
    """Return the checks with their answers and remedies."""
    rows = [_check_row(check) for check in plan["checks"]]
    return [part for line in _table(rows) for part in _wrapped(line, rows, width)]


def _wrapped(line, rows, width):
    """The lines of a table's line whose last cell is a sentence."""
    begin = sum(max(len(row[column]) for row in rows) for column in (0, 1)) + 3 * names.GAP
    if width is None or len(line) <= width or begin > width // 2:
        return [line]
    cell = textwrap.wrap(line[begin:], width - begin)
    return [line[:begin] + cell[0], *(" " * begin + part for part in cell[1:])]


def finalize_words(plan):
    """Return when the rollback path is closed, and by what."""
    finalize = plan.get("finalize") or {}
    return finalize.get("mode", "auto"), "; ".join(finalize.get("steps") or []) or "nothing to do"


def progress_lines(look, width=None):
    """Return the members, by wave, with their states; first, where names were shortened, what all
    of them begin with."""
    waves = [*enumerate(look.waves, 1), ("-", look.untouched)]
    rows = [(f"wave {number}  ", shown(member.name), _beside(member))
            for number, wave in waves for member in wave]
    room = names.room_of(rows, 1, width and width - names.GAP, gap=0)
    fitted, prefix = names.fit([name for _, name, _ in rows], room)
    head = [names.told(prefix).strip()] if prefix else []
    return [*head, *(f"{wave}{fitted[name]}{beside}" for wave, name, beside in rows)]


def _beside(member):
    return shown(f"{title(member)[len(member.name):]}: {member.state}")


def _member_row(plan, number, identifier):
    member = next(one for one in plan["members"] if one["id"] == identifier)
    return (f"wave {number}", member["name"], member["role"], member["domain"], member["version"])


def _check_row(check):
    mark = "skipped" if check["skipped"] else MARKS[answer_of(check)]
    remedy = "" if check["ok"] or not check.get("remedy") else f" -> {check['remedy']}"
    return mark, check["name"], shown(check["message"] + remedy)


def _table(rows):
    rows = [[shown(cell) for cell in row] for row in rows]
    columns = max(len(row) for row in rows) if rows else 0
    widths = [max((len(row[i]) for row in rows if len(row) > i), default=0)
              for i in range(columns)]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)
                             ).rstrip() for row in rows]
