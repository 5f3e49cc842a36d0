"""A Galera cluster upgraded without waiting, by Trove itself and by this pack: what clients see.

    python benchmarks/galera_naive.py [--swap-sec 1] [--out build/benchmark-galera]

Without waiting: each member in the order of the listing, the next one as soon as Trove has taken
the last request. Half waiting: as soon as the last one's new server is started. Writes
docs/benchmarks-galera.md; about six minutes.
"""
import argparse
import json
from pathlib import Path

from trove_upgrade.interfaces.embedded_run import upgrade_in_lab
from trove_upgrade.lab import demo, upstream
from trove_upgrade.lab.lab import wait_for

ROOT = Path(__file__).parent.parent
LIMIT_SEC = 280
RECOVERY_SEC = 60      # how long the cluster may take to be whole again by itself


def this_pack(lab, cluster, version, progress):
    return upgrade_in_lab(lab, cluster, version, progress, {"bake_sec": 0})


def without_waiting(lab, cluster, version, progress):
    for member in lab.members(cluster):
        lab.upgrade_member(member.id, version)
    return _outcome(lab, cluster, progress)


def half_waiting(lab, cluster, version, progress):
    for member in lab.members(cluster):
        lab.upgrade_member(member.id, version)
        wait_for(lambda one=member: _is_started(lab, one), 60, f"the start of {member.name}")
    return _outcome(lab, cluster, progress)


def _outcome(lab, cluster, progress):
    progress("all members are asked for; does the cluster come back?")
    try:
        wait_for(lambda: lab.is_whole(cluster), RECOVERY_SEC, "the cluster", every=0.2)
    except Exception:  # noqa: BLE001  that is what is measured
        return {"status": "not whole", "failed": []}
    return {"status": "whole", "failed": []}


def _is_started(lab, member):
    return any(event["instance"] == member.id and event["event"] == "starting"
               for event in lab.journal())


RUNS = {"this pack": this_pack, "Trove's own upgrade": upstream.upgrade_in_lab,
        "half waiting": half_waiting, "without waiting": without_waiting}
COLUMNS = {
    "elapsed s": lambda report: report["upgrade_sec"],
    "most members unavailable": lambda report: max(len(one["members"]) for one in report["waves"]),
    "operations": lambda report: report["workload"]["operations"],
    "failed": lambda report: report["workload"]["failed"],
    "longest gap s": lambda report: report["workload"]["longest_gap_sec"],
    "acknowledged": lambda report: report["workload"]["acknowledged"],
    "lost": lambda report: report["workload"]["lost"],
    "unreadable at the end": lambda report: report["workload"]["unreadable"],
    "cluster whole at the end": lambda report: "yes" if report["cluster_whole"] else "no",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--swap-sec", type=float, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "benchmark-galera")
    options = parser.parse_args()
    reports = {name: _measure(name, run, options) for name, run in RUNS.items()}
    page = _page(reports, options.swap_sec)
    (ROOT / "docs" / "benchmarks-galera.md").write_text(page, encoding="utf-8")
    print(page)


def _measure(name, run, options):
    out = options.out / name.replace(" ", "-").replace("'", "")
    # Not "demo": this is measured and not judged.
    code = demo.run_demo("demo-upstream", out, run, limit_sec=LIMIT_SEC, kind="galera",
                         swap_sec=options.swap_sec)
    if code == 2:
        raise SystemExit(f"{name} could not be measured; see {out}")
    return json.loads((out / "report.json").read_text())


def _page(reports, swap_sec):
    some = next(iter(reports.values()))
    lines = [f"| run | {' | '.join(COLUMNS)} |", f"|---|{'---:|' * len(COLUMNS)}"]
    for name, report in reports.items():
        cells = [of(report) for of in COLUMNS.values()]
        lines.append("| " + " | ".join([name, *(_text(cell) for cell in cells)]) + " |")
    return HEAD.format(old=some["from_version"], new=some["to_version"],
                       swap=_text(swap_sec)) + "\n".join(lines) + "\n" + FOOT


def _text(value):
    return f"{value:g}" if isinstance(value, float) else str(value)


HEAD = """# Galera: what waiting is worth

Written by `python benchmarks/galera_naive.py`. Three real MariaDB members with Galera, {old} to
{new}, a swap of {swap} s a member, four writing and reading clients that try the next member
when theirs goes. One run each, in turn, on two shared cores.

"""
FOOT = """
- *without waiting*: each member in the order of the listing, the next one as soon as Trove has
  taken the last request: what a loop over `openstack database instance upgrade` does.
- *half waiting*: the next one as soon as the last one's new server is started, whether it has
  rejoined or not. That is a race: it can come through whole.
- *most members unavailable*: members whose absences overlap.
- *longest gap*: time without any successful write.
- *unreadable at the end*: acknowledged writes that no member could be asked for when the run was
  over.
- *failed* counts operations of a closed loop: clients that are blocked try less.

A group that has lost its primary component does not come back by itself: people must find the most
advanced member and bootstrap it. Bootstrapping another one loses acknowledged writes.
"""

if __name__ == "__main__":
    main()
