"""What a round of a campaign is, the log of all of them, and the page that is made of it."""
import json
import random
import statistics
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path

# Which tasks of the workflows run at a moment.
MOMENTS = {
    "plan": ("make_plan", "take_lock", "check_preflight"),
    "gate": ("choose_wave",),
    "switchover": ("switchover",),
    "PATCH": ("request_upgrade",),
    "wave": ("await_evidence",),
    "undo": ("undo",),
    "finalise": ("complete", "finalize"),
    "release": ("finish", "report"),
}


@dataclass
class Round:
    """One fault at one moment, and what became of the upgrades that were under way then.

    :param seconds: how long the fault lasted.
    :param moment: of `MOMENTS`; the fault began when an upgrade came to it.
    :param recovered: seconds from the fault's end until each upgrade was seen at work again.
    :param upgrades: their numbers.
    :param wrong: what should not be, of the round itself.
    """

    number: int
    fault: str
    seconds: float
    moment: str
    recovered: float = 0.0
    upgrades: list[int] = field(default_factory=list)
    wrong: str = ""


@dataclass
class Upgrade:
    """One upgrade of a campaign.

    :param broken: what is wrong with one of its members; "" for an upgrade that is to succeed.
    :param end: how it ended: the status of its report.
    :param wrong: invariants that did not hold.
    """

    number: int
    broken: str = ""
    end: str = ""
    wrong: str = ""


def chosen(seed: str, number: int, faults: list[str], seconds: tuple[float, ...]) -> Round:
    """The round of this number: chosen by the seed and the number alone."""
    chance = random.Random(f"{seed}-{number}")  # noqa: S311  to be repeated, no secret
    return Round(number, chance.choice(faults), chance.choice(seconds), chance.choice([*MOMENTS]))


class Log:
    """A campaign's rounds and upgrades, a line of JSON each; it is gone on with at any time."""

    def __init__(self, path: Path):
        self.path = path
        self.rounds: list[Round] = []
        self.upgrades: dict[int, Upgrade] = {}
        for line in path.read_text().splitlines() if path.exists() else ():
            self._take(json.loads(line))

    def _take(self, row: dict) -> None:
        if "fault" in row:
            self.rounds.append(Round(**row))
        else:
            self.upgrades[row["number"]] = Upgrade(**row)

    def add(self, row: Round | Upgrade) -> None:
        """Keep it, and print it."""
        told = json.dumps(asdict(row))
        self._take(asdict(row))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as out:
            out.write(told + "\n")
        print(told, flush=True)

    def next_round(self) -> int:
        """The number of the next round."""
        return max((one.number for one in self.rounds), default=0) + 1

    def next_upgrade(self) -> int:
        """The number of the next upgrade."""
        named = [number for one in self.rounds for number in one.upgrades]
        return max([*self.upgrades, *named], default=0) + 1

    def wrong(self) -> list[str]:
        """A sentence for each round and each upgrade with which something is wrong."""
        rounds = [f"round {one.number} ({one.fault}, {one.seconds:g} s, {one.moment}): {one.wrong}"
                  for one in self.rounds if one.wrong]
        struck = defaultdict(list)
        for one in self.rounds:
            for number in one.upgrades:
                struck[number].append(str(one.number))
        return rounds + [f"upgrade {one.number}, struck by rounds {', '.join(struck[one.number])}: "
                         f"{one.wrong}" for one in self.upgrades.values() if one.wrong]

    def unfinished(self) -> list[int]:
        """Upgrades that were struck and whose end is not written: the campaign was ended before."""
        return sorted({number for one in self.rounds for number in one.upgrades} - {*self.upgrades})


def table(log: Log) -> str:
    """Fault x moment: how often, how the upgrades ended, how long it took to go on."""
    kinds = defaultdict(list)
    for one in log.rounds:
        kinds[one.fault, one.moment].append(one)
    lines = [_line(log, *kind, rounds) for kind, rounds in sorted(kinds.items())]
    return "\n".join([
        "| Fault | Moment | Rounds | Seconds | Ends of the upgrades under way | "
        "At work again after, s: median, most | Wrong |", "|---|---|---:|---|---|---|---|", *lines])


def _line(log: Log, fault: str, moment: str, rounds: list[Round]) -> str:
    struck = [log.upgrades[one] for each in rounds for one in each.upgrades if one in log.upgrades]
    ends = [one.end for one in struck]
    told = ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))
    took = [one.recovered for one in rounds]
    lasted = sorted({one.seconds for one in rounds})
    wrong = sum(bool(one.wrong) for one in rounds) + sum(bool(one.wrong) for one in struck)
    return (f"| {fault} | {moment} | {len(rounds)} | {', '.join(f'{one:g}' for one in lasted)} | "
            f"{told} | {statistics.median(took):.0f}, {max(took):.0f} | {wrong or 'none'} |")
