"""Progress on a terminal, redrawn in place (rich)."""
from rich.console import Group
from rich.live import Live as RichLive
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from .terminal import shown

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
        self._live.update(Group(self._head(look), *([_table(look)] if look.members else [])))

    def _head(self, look):
        done = sum(member.state == "upgraded" for member in look.members)
        what = shown(f"{look.cluster}: {look.from_version} -> {look.to_version}"
                     if look.cluster else "")
        phase = "paused" if look.state == "PAUSED" else look.phase
        count = f"  {done}/{len(look.members)} members" if look.members else ""
        text = Text.assemble((shown(f"{phase}  "), "bold"), what, count,
                             f"  {look.elapsed_sec:.0f} s")
        if look.ended or look.state == "PAUSED":
            return text
        self._spinner.update(text=text)
        return self._spinner


def _table(look):
    table = Table(box=None, padding=(0, 2), show_edge=False, header_style="dim")
    for name in ("wave", "member", "role", "domain", "version", "state"):
        table.add_column(name)
    table.add_column("sec", justify="right")
    rows = [(str(number), member) for number, wave in enumerate(look.waves, 1) for member in wave]
    rows += [("-", member) for member in look.untouched]
    for number, member in rows:
        took = "" if member.elapsed_sec is None else f"{member.elapsed_sec:.0f}"
        # Text, not str: rich would take [words] in a name for its markup.
        table.add_row(number, *(Text(shown(one)) for one in (
            member.name, member.role, member.domain, member.version)),
            Text(shown(member.state), style=COLOURS.get(member.state, "yellow")), took)
    return table
