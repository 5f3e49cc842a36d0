"""This pack beside Trove's own upgrade and a careful script: same cluster, same load, in turn.

    python benchmarks/compare.py [--rounds 3] [--swap-sec 3] [--out build/benchmark]

Every figure is a median over the rounds. Writes docs/benchmarks.md.
"""
import argparse
import itertools
import json
import statistics
from pathlib import Path

import command_line
import first_contact
import rows
import size
from trove_upgrade.interfaces.embedded_run import upgrade_in_lab
from trove_upgrade.lab import careful, demo, upstream

ROOT = Path(__file__).parent.parent
LIMIT_SEC = 280


def one_by_one(lab, cluster, version, progress):
    return upgrade_in_lab(lab, cluster, version, progress, {"bake_sec": 0})


def two_waves(lab, cluster, version, progress):
    return upgrade_in_lab(lab, cluster, version, progress,
                          {"bake_sec": 0, "parallelism": "domain", "canary": False})


def _request(report):
    """When the upgrade was asked for: after the embedded engine was up."""
    return report["ended"] - report["upgrade_sec"]


def _overhead(report):
    return report["upgrade_sec"] - report["critical_path_sec"]


RUNS = {
    "this pack, one by one": one_by_one,
    "this pack, two waves": two_waves,
    "careful script, one by one": careful.upgrade_in_lab,
    "Trove's own upgrade": upstream.upgrade_in_lab,
}
COLUMNS = {
    "elapsed s": lambda report: report["upgrade_sec"],
    "servers' own s": lambda report: report["critical_path_sec"],
    "overhead s a wave": lambda report: _overhead(report) / len(report["waves"]),
    "between two waves s": lambda report: statistics.median(
        after["from"] - before["to"] for before, after in itertools.pairwise(report["waves"])),
    "last member back s": lambda report: report["waves"][-1]["to"] - _request(report),
    "failed ops": lambda report: report["workload"]["failed"],
    "lost": lambda report: report["workload"]["lost"],
    "longest gap s": lambda report: report["workload"]["longest_gap_sec"],
    "worst shard gap s": lambda report: report["workload"]["longest_shard_gap_sec"],
    "stopped as primary": lambda report: len(report["stopped_as_primary"]),
    "Trove calls a member": lambda report: report["trove_calls"]["total"] / len(report["members"]),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--swap-sec", type=float, default=3.0)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "benchmark")
    args = parser.parse_args()
    reports = {name: [] for name in RUNS}
    for number in range(args.rounds):
        for name, upgrader in RUNS.items():
            reports[name].append(_measure(name, upgrader, args.out / f"{number}", args.swap_sec))
    text = "\n".join((_page(reports, args) + size.section(), command_line.section(),
                      first_contact.section(), rows.section()))
    (ROOT / "docs" / "benchmarks.md").write_text(text, encoding="utf-8")
    print(text)


def _measure(name, upgrader, out, swap_sec):
    """The report of one run; what the run promised is shown in the table, not judged here."""
    folder = out / name.replace(" ", "-").replace("'", "").replace(",", "")
    demo.run_demo("demo-upstream", folder, upgrader, limit_sec=LIMIT_SEC, swap_sec=swap_sec,
                  say=lambda line: print(f"{name}: {line}"))
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def _page(reports, args):
    rows = ["| run | " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * len(COLUMNS)]
    for name, found in reports.items():
        cells = (statistics.median(column(report) for report in found)
                 for column in COLUMNS.values())
        rows.append(f"| {name} | " + " | ".join(f"{cell:.2f}".rstrip("0").rstrip(".")
                                                for cell in cells) + " |")
    return f"""# Benchmarks

Written by `make benchmark`; see [benchmarks/](../benchmarks/README.md). Six Valkey members (3
primaries, 3 replicas), 8.1.8 to 9.1.2, a swap of {args.swap_sec:g} s a member, four writing and
reading clients. Medians, rounds: {args.rounds}; all runs in turn in one session, on two shared
cores.

{chr(10).join(rows)}

- *servers' own*: the sum over the waves of the longest time that a server of the wave was
  unavailable.
- *overhead a wave*: of the whole run, so with the plan before and the waiting for Trove after the
  waves; *between two waves*: from the last server of one being back to the first of the next being
  stopped.
- *last member back*: from the request until the last server was back on its version. The rest of
  *elapsed* is waiting for Trove's record: its poll of an instance comes 5 to 10 s after the request
  at the earliest.
- *stopped as primary*: members that were stopped while they led a shard.
- *failed ops* are of a closed loop: clients that are blocked try less.

"""


if __name__ == "__main__":
    main()
