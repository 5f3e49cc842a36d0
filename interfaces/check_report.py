"""What a check of the executors found, as text. Pure: no I/O."""
from .names import GAP
from .terminal import shown

HEADER = ("EXECUTOR", "PACKAGE", "LACKS", "ACCESS FILES", "CLOCK", "MEMBERS", "ANSWERS")
UNKNOWN = "-"


def lines(found):
    """Return the table of the executors, what is wrong, and the summary, a line each.

    :param found: the output of trove_upgrade.check_executors.
    """
    rows = [HEADER, *(_row(one, found["answers"]) for one in found["executors"])]
    sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [(" " * GAP).join(cell.ljust(size) for cell, size in zip(row, sizes, strict=True))
             .rstrip() for row in rows]
    return [*(table if found["executors"] else []), *_settings(found["executors"]),
            *(f"Trouble: {shown(one)}" for one in found["troubles"]),
            *(f"Note: {shown(one)}" for one in found["notes"]), shown(found["summary"])]


def _row(one, answers):
    access, ahead = one["access"], one["clock_ahead_sec"]
    reached = [member for member in one["members"] if not member["problem"]]
    return [shown(cell) for cell in (
        one["executor"], one["package"],
        ", ".join(name for name, lacks in one["drivers"].items() if lacks) or "nothing",
        UNKNOWN if access is None else ", ".join(f"{name} {mark}" for name, mark in
                                                 access.items()) or "none",
        UNKNOWN if ahead is None else f"{ahead:+g} s",
        f"{len(reached)} of {len(one['members'])}" if one["members"] else UNKNOWN,
        str(answers.get(one["executor"], 0)))]


def _settings(executors):
    """What their mistral.conf says, once for each that says something else."""
    told = {}
    for one in executors:
        conf = {name: value for name, value in (one["settings"] or {}).items() if name != "host"}
        if conf:
            words = ", ".join(f"{name} {_value(value)}" for name, value in sorted(conf.items()))
            told.setdefault(words, []).append(one["executor"])
    return [f"Settings of {shown(', '.join(names))}: {shown(words)}"
            for words, names in told.items()]


def _value(value):
    if isinstance(value, list):
        return " + ".join(value) or "none"
    return "unset" if value is None else value
