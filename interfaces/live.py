"""Progress on a terminal, redrawn in place (rich)."""
from rich.console import Group
from rich.live import Live as RichLive
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from . import names
from .terminal import duration, shown

HEADER = ("wave", "member", "role", "domain", "version", "state", "sec")
GAP = 2         # on both sides of a column
COLOURS = {"waiting": "dim", "upgraded": "green", "failed": "bold red", "rolled back": "magenta",
           "rolling back": "yellow"}


class Live:
    """Call it with each Progress; a context manager."""

    def __init__(self, console):
        self._spinner = Spinner("dots" if console.encoding.startswith("utf") else "line")
        self._live = RichLive(console=console, refresh_per_second=8, transient=False)

    def __enter__(self):
        self._live.start()
        return self

    def __exit__(self, kind, *_):
        """An interrupted one is wiped: what is drawn next would stand below it once more."""
        self._live.transient = kind is not None
        self._live.stop()

    def __call__(self, look):
        """Draw it."""
        table = [*_table(look, self._live.console.width)] if look.members else []
        self._live.update(Group(self._head(look), *table))

    def _head(self, look):
        done = sum(member.state == "upgraded" for member in look.members)
        what = shown(f"{look.cluster}: {look.from_version} -> {look.to_version}"
                     if look.cluster else "")
        count = f"  {done}/{len(look.members)} members" if look.members else ""
        text = Text.assemble((shown(f"{look.standing}  "), "bold"), what, count,
                             f"  {duration(look.elapsed_sec)}")
        if look.ended or look.state == "PAUSED":
            return text
        self._spinner.update(text=text)
        return self._spinner


def _table(look, width):
    """The table, and before it what its names leave out where they have not the room."""
    table = Table(box=None, padding=(0, GAP), show_edge=False, header_style="dim")
    for name in HEADER[:-1]:
        table.add_column(name)
    table.add_column(HEADER[-1], justify="right")
    rows = [_row(str(number), member) for number, wave in enumerate(look.waves, 1)
            for member in wave] + [_row("-", member) for member in look.untouched]
    fitted, prefix = names.fit([row[1] for row in rows],
                               names.room_of([HEADER, *rows], 1, width, gap=2 * GAP))
    for wave, name, *cells, state, took in rows:
        # Text, not str: rich would take [words] in a name for its markup.
        table.add_row(wave, *map(Text, (fitted[name], *cells)),
                      Text(state, style=COLOURS.get(state, "yellow")), took)
    return [Text(names.told(prefix).strip(), style="dim"), table] if prefix else [table]


def _row(wave, member):
    took = "" if member.elapsed_sec is None else f"{member.elapsed_sec:.0f}"
    return [wave, *map(shown, (member.name, member.role, member.domain, member.version,
                               member.state)), took]
