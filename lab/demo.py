"""The three demos: a cluster under load, an upgrade, a report, and whether it kept its promise.

`run_demo("demo" | "demo-upstream" | "demo-failure", out_dir)` returns a process exit code; with
`kind="NAME"` on another datastore of kinds/ than Valkey.
An upgrader is `upgrader(lab, cluster, to_version, progress) -> result`, where `lab` is a
`Lab`, `cluster` a `Cluster`, `progress` takes one line of text, and the result has at least
`status` and `failed` (a list of names or of {"name"}); it returns when its upgrade is over.
"""
import importlib
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import promises, report, timeline
from .lab import Cluster, Lab

PACK = "trove_upgrade.interfaces.embedded_run:upgrade_in_lab"
UPSTREAM = "trove_upgrade.lab.upstream:upgrade_in_lab"
UPGRADERS = {"demo": PACK, "demo-failure": PACK, "demo-upstream": UPSTREAM}
LEAD_SEC, TAIL_SEC = 3, 5      # how long the load runs before the request and after the end
VERDICTS = {"demo-upstream": "measured, and not judged"}
SAYS = {"stopping": "stopped", "serving": "serving", "failed": "FAILED"}


class DemoTimeout(BaseException):
    """The demo took longer than it may; no `except Exception` on the way may hide that."""


def run_demo(kind: str, out_dir: str | Path, upgrader: str | Callable | None = None, /, *,
             say: Callable[[str], None] = print, limit_sec: int = 900, lead_sec: float = LEAD_SEC,
             tail_sec: float = TAIL_SEC, **lab_options) -> int:
    """Run one demo; 0 when what it promises was true, 1 when not, 2 when it could not run.

    Writes report.json, timeline.svg and the lab's logs into out_dir. Ends, and cleans up,
    after limit_sec at the latest. lab_options: see `Settings`, the
    datastore `kind` among them.
    """
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    for old in ("report.json", "timeline.svg"):
        (out / old).unlink(missing_ok=True)
    clock = Clock(say)
    try:
        with _limit(limit_sec):
            made = _run(kind, out, upgrader or UPGRADERS[kind], clock, lead_sec, tail_sec,
                        lab_options)
    except (Exception, DemoTimeout) as error:  # noqa: BLE001  a demo says what went wrong, in one line
        say(f"{kind} could not run: {type(error).__name__}: {error} (logs in {out})")
        return 2
    say(report.text(made))
    broken = promises.broken(kind, made)
    for promise in broken:
        say(f"  BROKEN PROMISE: {promise}")
    verdict = "not as promised" if broken else VERDICTS.get(kind, "as promised")
    say(f"  {verdict}; report and timeline in {out}")
    return 1 if broken else 0


def _run(kind: str, out: Path, upgrader: str | Callable, clock: "Clock", lead: float,
         tail: float, lab_options: dict) -> dict:
    upgrade = load(upgrader) if isinstance(upgrader, str) else upgrader
    with Lab(**lab_options) as lab:
        try:
            clock(f"{kind}: Trove is up; making a {lab.kind.name} cluster of {lab.settings.old}")
            cluster = lab.create_cluster("shop")
            if kind == "demo-failure":
                _break(lab)
            seen = _observe(lab, cluster, upgrade, clock, lead, tail)
            made = report.make(seen)
            report.write(made, out / "report.json")
            timeline.write(made, seen.journal, out / "timeline.svg")
            return made
        finally:
            _keep_logs(lab, out)


def _break(lab: Lab) -> None:
    """The third member that is upgraded, whichever it is, does not start, and no other; where data
    go one way the second, since after the third's turn begins nothing goes back; where all are
    upgraded at once, none starts: what some of them have converted could not go back."""
    if lab.kind.outage:
        lab.faults.member("does_not_start", version=lab.settings.new)
    else:
        lab.faults.member("does_not_start", version=lab.settings.new,
                          nth=2 if lab.kind.forward_only else 3, sticky=True)


def _observe(lab: Lab, cluster: Cluster, upgrade: Callable, clock: "Clock", lead: float,
             tail: float) -> report.Observed:
    before, new = lab.members(cluster), lab.settings.new
    with lab.load(cluster) as load:
        clock(f"load is on; the upgrade to {new} begins in {lead} s")
        time.sleep(lead)                  # a load before the upgrade is part of the demo
        begun = time.time()
        with _follow(lab, clock):
            result = upgrade(lab, cluster, new, clock)
        ended = time.time()
        clock("the upgrade is over; the load goes on for a moment")
        time.sleep(tail)
        workload = load.stop()
    return report.Observed(
        datastore=lab.kind.name, outage=lab.kind.outage, status=str(result.get("status", "")),
        from_version=lab.settings.old, to_version=new, before=before,
        after=lab.members(cluster), trove=_trove(lab, cluster), journal=lab.journal(),
        calls=lab.api_calls(own=True), workload=workload, begun=begun, ended=ended,
        result=result)


def _trove(lab: Lab, cluster: Cluster) -> dict:
    """What Trove says at the end: cluster version and task, each member's status and version."""
    client = lab.client()
    task, shown = lab.shown(cluster)
    members = {}
    for each in sorted(shown, key=lambda each: each["name"]):
        instance = client.instances.get(each["id"])
        members[each["name"]] = {"status": instance.status,
                                 "version": instance.datastore["version"]}
    return {"version": lab.version_of(cluster), "task": task, "members": members}


class Clock:
    """Says lines with the time since it was made."""

    def __init__(self, say: Callable[[str], None]):
        self.say, self.begun = say, time.monotonic()

    def __call__(self, line: str) -> None:
        self.say(f"[{time.monotonic() - self.begun:5.1f} s] {line}")


@contextmanager
def _follow(lab: Lab, clock: Clock) -> Iterator[None]:
    """Say what happens to the members while it happens."""
    over = threading.Event()

    def follow() -> None:
        told = len(lab.journal())
        while True:
            last = over.is_set()
            events = lab.journal()
            for event in events[told:]:
                _tell(event, clock)
            told = len(events)
            if last:
                return
            over.wait(0.2)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _tell(event: dict, clock: Clock) -> None:
    if event["event"] in SAYS:
        # A server that has just come back does not know yet who is primary now.
        role = f" ({event['role']})" if event["event"] == "stopping" and event["role"] else ""
        clock(f"{event['name']}{role} {event['version']} {SAYS[event['event']]}"
              + (f": {event['reason']}" if "reason" in event else ""))


@contextmanager
def _limit(seconds: int) -> Iterator[None]:
    """DemoTimeout after so many seconds, SystemExit on SIGTERM: both clean up on their way.

    Only the main thread can be told; elsewhere there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_):
        raise DemoTimeout(f"not done within {seconds} s")

    def leave(*_):
        raise SystemExit(143)

    before = {signal.SIGALRM: signal.signal(signal.SIGALRM, ring),
              signal.SIGTERM: signal.signal(signal.SIGTERM, leave)}
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _keep_logs(lab: Lab, out: Path) -> None:
    for name in ("journal.jsonl", "api-calls.jsonl", "trove.log", "trove.out"):
        if (lab.directory / name).exists():
            shutil.copy(lab.directory / name, out / name)


def load(path: str) -> Callable:
    """'package.module:function' -> the function."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


if __name__ == "__main__":
    sys.exit(run_demo(sys.argv[1], sys.argv[2]))
