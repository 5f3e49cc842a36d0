"""The picture of one upgrade: a lane a member, and lanes for when a client could not write.

``python -m trove_upgrade.lab.timeline PICTURE TITLE=TIMELINE ...`` puts several below each other.
"""
import re
import sys
from pathlib import Path
from xml.sax.saxutils import escape

from .files import write_atomically
from .history import Away, absences

LEFT, RIGHT, TOP, LANE, BAR = 240, 20, 64, 30, 18
WIDTH = 1070
ABOVE = 40      # for a title above a whole picture
OLD, NEW, AWAY, FAILED, GAP = "#c6d4e8", "#9fd3a8", "#f0a63c", "#8e4a9e", "#c8372d"
STYLE = ("text{font:13px system-ui,sans-serif;fill:#222}.small{font-size:11px;fill:#555}"
         ".title{font-size:16px;font-weight:600}.in{font-size:11px}")
STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300)


class Timeline:
    """Draws one report (report.make) and its journal."""

    def __init__(self, report: dict, journal: list[dict]):
        self.report = report
        load = report["workload"]
        self.start = min(report["begun"], load["from"])
        self.end = max(report["ended"], load["to"], self.start + 1)
        self.away = absences(journal, report["begun"])
        self.scopes = ["all", *sorted({member["shard"] for member in report["members"]})]
        self.parts: list[str] = []

    def svg(self) -> str:
        """The whole picture as text."""
        lanes = len(self.report["members"]) + len(self.scopes)
        height = TOP + lanes * LANE + 70
        self.parts = []
        self._head()
        self._axis(TOP + lanes * LANE)
        for number, member in enumerate(self.report["members"]):
            self._member(member, TOP + number * LANE)
        for number, scope in enumerate(self.scopes, start=len(self.report["members"])):
            self._gaps(scope, TOP + number * LANE)
        self._legend(height - 22)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
                f'width="{WIDTH}" height="{height}" role="img">\n<style>{STYLE}</style>\n'
                f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")

    def _head(self) -> None:
        report, load = self.report, self.report["workload"]
        self._text(16, 26, f"{report['status']}: {report['from_version']} to "
                           f"{report['to_version']} in {report['elapsed_sec']:.1f} s", "title")
        self._text(16, 46, f"{load['operations']} operations, {load['failed']} failed, "
                           f"{load['acknowledged']} acknowledged writes, {load['lost']} lost; "
                           f"longest time without a write {load['longest_gap_sec']:.2f} s, on the "
                           f"worst shard {load['longest_shard_gap_sec']:.2f} s", "small")

    def _axis(self, bottom: float) -> None:
        span = self.end - self.start
        step = next((s for s in STEPS if span / s <= 14), STEPS[-1])
        for second in range(0, int(span) + 1, step):
            x = self._x(self.start + second)
            self.parts.append(f'<line x1="{x:.1f}" y1="{TOP - 4}" x2="{x:.1f}" y2="{bottom}" '
                              'stroke="#e4e4e4"/>')
            self._text(x, bottom + 15, f"{second} s", "small", "middle")
        for moment, dash in ((self.report["begun"], "4 3"), (self.report["ended"], "4 3")):
            x = self._x(moment)
            self.parts.append(f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}" '
                              f'stroke="#555" stroke-dasharray="{dash}"/>')

    def _member(self, member: dict, y: float) -> None:
        self._text(16, y + 14, member["name"])
        self._text(LEFT - 8, y + 14, f"{member['role']} {member['shard']}", "small", "end")
        moment, version = self.start, member["from"]
        for away in (each for each in self.away if each.name == member["name"]):
            self._bar(moment, away.begin, y, self._colour(version), version)
            self._absence(away, y)
            moment, version = away.end or self.end, away.back_on or version
        if moment < self.end:
            self._bar(moment, self.end, y, self._colour(version), version)

    def _absence(self, away: Away, y: float) -> None:
        hint = f"{away.name} away {away.seconds(self.end):.1f} s, stopped as {away.role}"
        hint += "".join(f"; {reason}" for reason in away.failures)
        self._bar(away.begin, away.end or self.end, y, FAILED if away.failures else AWAY,
                  "P" if away.role == "primary" else "R", hint)

    def _gaps(self, scope: str, y: float) -> None:
        self._text(16, y + 14, "no write succeeded" if scope == "all" else "")
        self._text(LEFT - 8, y + 14, "anywhere" if scope == "all" else scope, "small", "end")
        self._bar(self.start, self.end, y + 6, "#f2f2f2", "", height=BAR - 12)
        for gap in self.report["workload"].get("gaps", []):
            if gap["scope"] == scope:
                self._bar(gap["from"], gap["to"], y + 2, GAP, "", f"{gap['sec']:.2f} s",
                          height=BAR - 4)

    def _legend(self, y: float) -> None:
        x = 16.0
        for colour, meaning in ((OLD, f"serving {self.report['from_version']}"),
                                (NEW, f"serving {self.report['to_version']}"),
                                (AWAY, "away (P/R: stopped as primary/replica)"),
                                (FAILED, "away after a failure"), (GAP, "no successful write")):
            self.parts.append(f'<rect x="{x}" y="{y - 10}" width="14" height="12" '
                              f'fill="{colour}"/>')
            self._text(x + 19, y, meaning, "small")
            x += 34 + 6.2 * len(meaning)
        self._text(WIDTH - RIGHT, y, "dashed: request, return", "small", "end")

    def _bar(self, since: float, to: float, y: float, colour: str, inside: str = "",
             hint: str = "", height: float = BAR) -> None:
        x, width = self._x(since), max(self._x(to) - self._x(since), 0.8)
        title = f"<title>{escape(hint)}</title>" if hint else ""
        self.parts.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}" '
                          f'fill="{colour}">{title}</rect>')
        if inside and width > 7 * len(inside) + 4:
            self._text(x + width / 2, y + 13, inside, "in", "middle")

    def _text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> None:
        self.parts.append(f'<text x="{x:.1f}" y="{y}" class="{kind}" text-anchor="{anchor}">'
                          f'{escape(words)}</text>')

    def _colour(self, version: str) -> str:
        return NEW if version == self.report["to_version"] else OLD

    def _x(self, moment: float) -> float:
        share = (moment - self.start) / (self.end - self.start)
        return LEFT + min(max(share, 0), 1) * (WIDTH - LEFT - RIGHT)


def together(pictures: dict[str, str]) -> str:
    """Pictures of upgrades below each other, as one.

    :param pictures: each under its title.
    """
    height, parts = 0, []
    for title, picture in pictures.items():
        parts += [f'<text x="16" y="{height + 28}" class="above">{escape(title)}</text>',
                  picture.replace("<svg ", f'<svg y="{height + ABOVE}" ', 1)]
        height += ABOVE + int(re.search(r'height="(\d+)"', picture)[1])  # type: ignore[index]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img">\n<style>.above{{font:600 20px '
            'system-ui,sans-serif;fill:#222}</style>\n'
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
            + "\n".join(parts) + "\n</svg>\n")


def write(report: dict, journal: list[dict], path: Path) -> None:
    write_atomically(path, Timeline(report, journal).svg())


def main(path: str, *named: str) -> None:
    """Write the picture of several timelines, each given as TITLE=PATH."""
    found = dict(one.rsplit("=", 1) for one in named)
    write_atomically(Path(path), together({title: Path(one).read_text(encoding="utf-8")
                                           for title, one in found.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
