"""The page on what servers do not say by themselves: each kind of fault and each driver, by
faults.yaml."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .pages import NOTICE, anchor, code, table

SOURCE = Path(__file__).with_suffix(".yaml")
# What becomes of an upgrade; a cell may have several, since a kind of fault has several ways in.
OUTCOMES = {
    "plan refuses": "a preflight check says no, before anything is touched",
    "gate waits": "the step is not taken until the complaint is gone, or fails by name in the end",
    "run stops": "the run touches nothing more and names the member",
    "run goes on": "it is looked after, so nothing is lost and nobody is shut out",
    "cannot happen": "the datastore has no such thing",
    "plan says": "it is not known, or not this pack's to mend, and the plan tells people so",
    "not asked": "nothing looks at it, and the plan does not say so"}


@dataclass(frozen=True)
class Cell:
    """What happens to one kind of fault with one driver.

    :ivar outcomes: of OUTCOMES, the first one shown first.
    :ivar how: what is asked, or why it is not, in whole sentences.
    :ivar checks: names of preflight checks of the driver, or of all.
    :ivar codes: error codes of docs/actions.md.
    :ivar says: fixed words of the gate's complaint or of the plan's note.
    :ivar tests: each ``path::function``, of a test that fails without it.
    """

    outcomes: list[str]
    how: str
    checks: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    :ivar letter: A to J.
    :ivar title: in plain words.
    :ivar example: what was or may be seen.
    :ivar cells: by driver.
    """

    letter: str
    title: str
    example: str
    cells: dict[str, Cell]


def kinds() -> list[Kind]:
    """All kinds of faults, in the order of faults.yaml."""
    return [_kind(letter, row)
            for letter, row in yaml.safe_load(SOURCE.read_text(encoding="utf-8")).items()]


def _kind(letter: str, row: dict[str, Any]) -> Kind:
    """One cell may stand for several drivers, as ``mariadb_replication, mysql_replication``."""
    cells = {driver: Cell(**cell) for drivers, cell in row["cells"].items()
             for driver in drivers.split(", ")}
    return Kind(letter, row["title"], row["example"], cells)


def page() -> str:
    """docs/what-servers-do-not-say.md."""
    found = kinds()
    drivers = sorted({driver for kind in found for driver in kind.cells})
    rows = ([f"[{_heading(kind)}](#{anchor(_heading(kind))})",
             *(", ".join(kind.cells[driver].outcomes) for driver in drivers)] for kind in found)
    parts = ["# What servers do not say by themselves", NOTICE,
             "A member may be healthy and caught up, and writes may be lost or refused all the "
             "same when it is stopped, or when it leads. These are the kinds of such faults that "
             "are known, and what becomes of each with each driver. Where nothing asks, the page "
             "says so. The complaints and notes are shown as far as their words are fixed.",
             table(("Outcome", "Means"), OUTCOMES.items()),
             "A test sees that each check, error code, complaint and test named here exists.",
             table(("Kind", *(f"[{driver}](datastores/{driver}.md)" for driver in drivers)), rows),
             *(_section(kind) for kind in found)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _heading(kind: Kind) -> str:
    return f"{kind.letter}. {kind.title}"


def _section(kind: Kind) -> str:
    rows = ([code(driver), ", ".join(cell.outcomes), cell.how, _asked_by(cell), _held_by(cell)]
            for driver, cell in sorted(kind.cells.items()))
    return "\n\n".join([
        f"## {_heading(kind)}", kind.example,
        table(("Driver", "Outcome", "How", "By", "Held by"), rows)])


def _asked_by(cell: Cell) -> str:
    found = [f"[{name}](checks.md)" for name in cell.checks]
    found += [f"[{name}](actions.md#errors)" for name in cell.codes]
    return "<br>".join(found + [f"“{words}”" for words in cell.says])


def _held_by(cell: Cell) -> str:
    found = (test.split("::") for test in cell.tests)
    return "<br>".join(f"[{name}](../{path})" for path, name in found)
