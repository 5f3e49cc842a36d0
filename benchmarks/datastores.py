"""What clients see while each datastore with real servers is upgraded, fails, and is paused.

    python benchmarks/datastores.py [--only galera ...] [--out build/benchmark-datastores]

Writes docs/benchmarks-datastores.md from all reports in --out; about 20 minutes for all. MySQL is
among them with TROVE_UPGRADE_UBUNTU_ARCHIVE=1 (docs/lab.md).
"""
import argparse
import json
import os
from pathlib import Path

from trove_upgrade.interfaces.embedded_run import upgrade_in_lab
from trove_upgrade.lab import demo
from trove_upgrade.lab.kinds.mysql import SWITCH

ROOT = Path(__file__).parent.parent
LIMIT_SEC = 500
REST_SEC = 10
REAL = ("redis", "galera", "postgresql_replication", "mariadb_replication", "mysql_replication")


def paused(lab, cluster, version, progress):
    return upgrade_in_lab(lab, cluster, version, progress, {"pause_after": "first"},
                          rest_sec=REST_SEC)


# name of the run: (the demo whose promises it must keep, its upgrader)
RUNS = {"success": ("demo", None), "a member fails": ("demo-failure", None),
        "pause and resume": ("demo", paused)}
COLUMNS = {
    "versions": lambda report: f"{report['from_version']} to {report['to_version']}",
    "ended as": lambda report: report["status"].replace("_", " "),
    "elapsed s": lambda report: round(report["upgrade_sec"]),
    "operations": lambda report: report["workload"]["operations"],
    "failed": lambda report: report["workload"]["failed"],
    "acknowledged writes": lambda report: report["workload"]["acknowledged"],
    "lost": lambda report: report["workload"]["lost"],
    "unreadable": lambda report: report["workload"]["unreadable"],
    "appends": lambda report: report["workload"]["appends"],
    "missing": lambda report: report["workload"]["missing"],
    "duplicated": lambda report: report["workload"]["duplicated"],
    "reordered": lambda report: report["workload"]["reordered"],
    "longest gap s": lambda report: round(report["workload"]["longest_gap_sec"], 2),
    "slowest operation s": lambda report: round(report["workload"]["max_latency_sec"], 2),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    at_hand = REAL if os.environ.get(SWITCH) == "1" else REAL[:-1]
    parser.add_argument("--only", nargs="+", choices=REAL, default=at_hand)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "benchmark-datastores")
    options = parser.parse_args()
    broken = [f"{kind}, {run}" for kind in options.only for run in RUNS
              if _measure(kind, run, _folder(options.out, kind, run))]
    page = _page(options.out)
    (ROOT / "docs" / "benchmarks-datastores.md").write_text(page, encoding="utf-8")
    print(page)
    if broken:
        raise SystemExit("A promise was broken, or it could not run: " + "; ".join(broken))


def _folder(out, kind, run):
    return out / kind / run.replace(" ", "-")


def _measure(kind, run, folder):
    promises, upgrader = RUNS[run]
    return demo.run_demo(promises, folder, upgrader, limit_sec=LIMIT_SEC, kind=kind,
                         say=lambda line: print(f"{kind}, {run}: {line}", flush=True))


def _page(out):
    lines = [f"| datastore | run | {' | '.join(COLUMNS)} |",
             "|---|---|---|---|" + "---:|" * (len(COLUMNS) - 2)]
    for kind in REAL:
        for run in RUNS:
            path = _folder(out, kind, run) / "report.json"
            if path.exists():
                report = json.loads(path.read_text(encoding="utf-8"))
                cells = [str(of(report)) for of in COLUMNS.values()]
                lines.append(f"| {' | '.join([f'`{kind}`', run, *cells])} |")
    return HEAD + "\n".join(lines) + "\n" + FOOT


HEAD = f"""# Each datastore under load

Written by `python benchmarks/datastores.py`. Real servers of two versions, four writing and reading
clients that retry as their datastore's manual says, a ledger of what was acknowledged, and lists
that each client appends to and reads again. One run each, on two shared cores; the pause, after
the first wave, lasts {REST_SEC} s.

"""
FOOT = """
- *a member fails*: its new version does not start, and all that was upgraded goes back.
- *failed*: operations that the clients gave up, after their retries.
- *lost*: acknowledged writes that were not there at the end; *unreadable*: nobody could be asked.
- *appends*: acknowledged items of the lists; *missing*, *duplicated*, *reordered*: those that were
  not there at the end, or twice, or not in the order in which they were acknowledged.
- *longest gap*: time without any successful write.

MySQL's servers come from Ubuntu's archive, which is asked for by a switch. When they were measured
last, before there were lists, 0 of 266,087 operations failed in the three runs, and 0 of 133,259
acknowledged writes were lost.

MongoDB, Cassandra, Vertica and the generic driver are not here: their servers in the lab are
doubles, which say nothing about times. Trove's own upgrade of the same Valkey cluster stands in
[benchmarks](benchmarks.md), Galera without waiting in [its own page](benchmarks-galera.md).
"""

if __name__ == "__main__":
    main()
