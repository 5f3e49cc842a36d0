"""Campaign: `python -m tests.distributed.chaos --rounds N --seed S [--out FILE]`, or `make chaos`.

In each round upgrades run under load, all at once, one of them with a member that never comes up;
a fault of Mistral's service begins when the first of them comes to a moment. Both are chosen by the
seed and the round's number alone. Each end must keep the invariants and the ledger of the load.
"""
import argparse
import contextlib
import random
import statistics
import time
import traceback
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.distributed.site import WIDE
from tests.end_to_end.invariants import assert_invariants

END_SEC = 900       # in which all runs of a round end
PATIENCE_SEC = 300  # in which a moment comes
SECONDS = (5, 15, 30, 60, 120)
MOMENTS = ("wave", "later wave", "undo", "end")
PAGE = """\
# Chaos: a Mistral service whose parts die, hang and are away

Written by `make chaos ROUNDS={rounds} SEED={seed}`, on the distributed lab
([operating](operating.md)). In each round {beside} upgrades of Valkey clusters of six members run
at once under load, and one more with a member that never comes up. A fault of Mistral's service
begins when the first of them comes to the moment, and lasts 5 to 120 seconds. Each end is
checked: `upgraded`, or `rolled_back` for the one; nobody upgraded twice, never more members
unavailable than a wave, no primary stopped while it leads, nothing lost, doubled or reordered in
the load's ledger, the lock given back.

{upgrades} upgrades in {rounds} rounds; {wrong} rounds went wrong.

"""
ROUND_TITLE = "| Round | Fault | Seconds | Moment | Ends | Fault to last end, s | Wrong |"


def _away(stop, start):
    """A fault that lasts: what begins and ends it."""
    def fault(site, seconds):
        stop(site.engine)
        time.sleep(seconds)
        start(site.engine)
    return fault


def _killed(*names):
    """These nodes are killed and come back after the time."""
    def start(service):
        for name in names:
            service.nodes[name].start()
    return _away(lambda service: service.kill(*names), start)


def _frozen(*names):
    def each(does):
        return lambda service: [getattr(service, does)(name) for name in names]
    return _away(each("freeze"), each("thaw"))


def cut_from_members(site, seconds):
    """Two executors reach no member."""
    with site.cut_off("executor-1", "executor-2"):
        time.sleep(seconds)


def replaced(site, _):
    """SIGTERM and a new start, one after another."""
    for node in site.engine.nodes.values():
        node.restart()


FAULTS = {
    "executor killed": _killed("executor-1"),
    "executors killed": _killed("executor-1", "executor-2", "executor-3"),
    "engine killed": _killed("engine-1"),
    "engines killed": _killed("engine-1", "engine-2"),
    "executor hangs": _frozen("executor-1"),
    "engine hangs": _frozen("engine-2"),
    "APIs away": _killed("api-1", "api-2"),
    "broker killed": _away(lambda one: one.broker.kill(), lambda one: one.broker.start()),
    "broker hangs": _away(lambda one: one.broker.signal(19), lambda one: one.broker.signal(18)),
    "database killed": _away(lambda one: one.database.kill(), lambda one: one.database.start()),
    "database hangs": _away(lambda one: one.database.signal(19),
                            lambda one: one.database.signal(18)),
    "executors reach no member": cut_from_members,
    "all replaced in turn": replaced,
}


@dataclass
class Round:
    """What is done in a round, and what came of it.

    ends: states of the runs, that of the one to be rolled back first. lasted: seconds.
    """

    number: int
    fault: str
    seconds: int
    moment: str
    ends: list[str] = field(default_factory=list)
    lasted: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def row(self):
        """Of the campaign's log."""
        return (f"| {self.number} | {self.fault} | {self.seconds} | {self.moment} | "
                f"{', '.join(self.ends)} | {self.lasted:.0f} | {'; '.join(self.wrong)} |")


def chosen(seed, number):
    """The round of this number."""
    chance = random.Random(f"{seed}-{number}")  # noqa: S311  to be repeated, no secret
    return Round(number, chance.choice(list(FAULTS)), chance.choice(SECONDS),
                 chance.choice(MOMENTS))


def come(moment, runs, back, site):
    """Whether one of them has come to the moment."""
    if moment == "undo":
        return any(one["event"] == "stopping" and one["wanted"] == site.old
                   for one in back.journal())
    many = {"wave": 1, "later wave": 4, "end": 6}[moment]
    event = "serving" if moment == "end" else "stopping"
    return any(len([one for one in run.journal() if one["event"] == event
                    and run is not back]) >= many for run in runs)


def play(site, plan, beside):
    """Do it, and write down what came of it."""
    with contextlib.ExitStack() as stack:
        clusters = [stack.enter_context(site.cluster()) for _ in range(beside + 1)]
        site.break_member(clusters[0], "never_starts", 6)
        loads = [stack.enter_context(site.load(one)) for one in clusters]
        runs = [site.begin(one, member_timeout_sec=60, **WIDE) for one in clusters]
        _until(lambda: come(plan.moment, runs, runs[0], site), PATIENCE_SEC)
        begun = time.time()
        FAULTS[plan.fault](site, plan.seconds)
        for node in site.engine.nodes.values():
            node.wait()
        site.engine.proxy.wait()
        _until(lambda: all(run.state not in ("RUNNING", "IDLE", "PAUSED") for run in runs), END_SEC)
        plan.lasted = time.time() - begun
        for run, load in zip(runs, loads, strict=True):
            judge(plan, run, load, "rolled_back" if run is runs[0] else "upgraded")


def judge(plan, run, load, wanted):
    """The end of one run."""
    if run.state in ("RUNNING", "IDLE", "PAUSED"):
        plan.ends.append(run.state)
        plan.wrong.append(f"still {run.state}: {run.story()}".replace("\n", "; ")[:1500])
        return
    found = run.end()
    found.load = load.stop()
    plan.ends.append(found.result.get("status", found.state))
    if plan.ends[-1] != wanted:
        plan.wrong.append(f"{plan.ends[-1]} {found.state_info} {found.result.get('errors')}"[:600])
    try:
        assert_invariants(found, together=3)
    except AssertionError as error:
        plan.wrong.append(" ".join(str(error).split())[:600])


def _until(condition, seconds):
    over = time.time() + seconds
    while time.time() < over:
        with contextlib.suppress(Exception):        # the API is not there again yet
            if condition():
                return
        time.sleep(1)


def page(rounds, options):
    """The campaign's page."""
    kinds = defaultdict(list)
    for one in rounds:
        kinds[one.fault, one.moment].append(one)
    head = PAGE.format(rounds=len(rounds), seed=options.seed, beside=options.beside,
                       upgrades=sum(len(one.ends) for one in rounds),
                       wrong=sum(bool(one.wrong) for one in rounds) or "no")
    lines = ["| Fault | Moment | Rounds | Ends | Fault to last end, s: median, most | Wrong |",
             "|---|---|---|---|---|---|",
             *(_line(*kind, same) for kind, same in sorted(kinds.items()))]
    wrong = [f"- round {one.number}: {one.fault}, {one.seconds} s, {one.moment}: "
             f"{'; '.join(one.wrong)[:300]}" for one in rounds if one.wrong]
    return head + "\n".join(lines + [""] * bool(wrong) + wrong) + "\n"


def _line(fault, moment, rounds):
    ends = [end for one in rounds for end in one.ends]
    told = ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))
    took = [one.lasted for one in rounds]
    bad = ", ".join(str(one.number) for one in rounds if one.wrong)
    return (f"| {fault} | {moment} | {len(rounds)} | {told} | "
            f"{statistics.median(took):.0f}, {max(took):.0f} | {bad or 'none'} |")


def main():
    """Play the rounds; the exit code says whether one went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first", type=int, default=1, help="number of the first round")
    parser.add_argument("--beside", type=int, default=2, help="upgrades that are to succeed")
    parser.add_argument("--out", type=Path, help="file for its page")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    from tests.distributed.conftest import clean_site
    rounds = []
    with clean_site() as site:
        print(ROUND_TITLE, flush=True)
        for number in range(options.first, options.first + options.rounds):
            plan = chosen(options.seed, number)
            try:
                play(site, plan, options.beside)
            except Exception:  # noqa: BLE001  the campaign goes on
                plan.wrong.append(traceback.format_exc()[-1500:].replace("\n", "; "))
            rounds.append(plan)
            print(plan.row(), flush=True)
            if options.out:
                options.out.write_text(page(rounds, options))
    return any(one.wrong for one in rounds)


if __name__ == "__main__":
    raise SystemExit(main())
