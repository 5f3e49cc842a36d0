"""What one upgrade costs with nothing beside it: requests to Trove, CPU seconds, waiting.

    python benchmarks/cost.py [--rounds 3] [--swap-sec 1]

Prints a line of JSON a round and the medians. To compare two commits run it in turn for each, with
PYTHONPATH naming a directory whose link `trove_upgrade` leads to the commit's checkout.
"""
import argparse
import collections
import itertools
import json
import os
import re
import statistics
import time
from pathlib import Path

from trove_upgrade.embedded import running
from trove_upgrade.interfaces import embedded_run
from trove_upgrade.lab import history
from trove_upgrade.lab.lab import Lab

TICKS = os.sysconf("SC_CLK_TCK")
IDLE_SEC = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--swap-sec", type=float, default=1.0)
    args = parser.parse_args()
    rounds = []
    for _ in range(args.rounds):
        rounds.append(measure(args.swap_sec))
        print(json.dumps(rounds[-1]), flush=True)
    print(json.dumps({"medians": {key: round(statistics.median(one[key] for one in rounds), 3)
                                  for key in rounds[0] if key != "paths"}}))


def measure(swap_sec):
    """The figures of one upgrade of a fresh Valkey cluster, an engine that is up before it."""
    with Lab(swap_sec=swap_sec) as lab:
        cluster = lab.create_cluster("shop")
        state_dir = lab.directory / "engine"
        with embedded_run.connected(state_dir, env={**os.environ, **lab.env()},
                                    access_dir=lab.access_dir):
            trove = json.loads((lab.directory / "trove.json").read_text())["pid"]
            engine = running(state_dir)["pid"]
            idle = _cpu_during(trove, lambda: time.sleep(IDLE_SEC)) / IDLE_SEC
            begun, before = time.time(), (_cpu(trove), _cpu(engine))
            result = embedded_run.upgrade_in_lab(lab, cluster, lab.settings.new, lambda _: None,
                                                 {"bake_sec": 0})
            spent = [_cpu(pid) - ago for pid, ago in zip((trove, engine), before, strict=True)]
            if result["status"] != "upgraded":
                raise SystemExit(f"It was not upgraded: {result}")
            return _figures(lab, begun, result["elapsed_sec"], spent, idle)


def _figures(lab, begun, elapsed, spent, idle):
    found = history.absences(lab.journal(), begun)
    waves = history.waves(found, begun + elapsed)
    away = sum(wave["longest_unavailable_sec"] for wave in waves)
    calls = [call for call in lab.api_calls() if call["t"] >= begun]
    paths = collections.Counter(f"{call['method']} {_shape(call['path'])}" for call in calls)
    return {"elapsed_sec": elapsed, "overhead_a_wave_sec": round((elapsed - away) / len(waves), 3),
            "before_the_first_sec": round(waves[0]["from"] - begun, 3),
            "between_two_waves_sec": round(statistics.median(
                after["from"] - before["to"] for before, after in itertools.pairwise(waves)), 3),
            "calls_a_member": round(len(calls) / len(found), 2),
            "trove_cpu_a_member": round(spent[0] / len(found), 3),
            "trove_cpu_idle_a_sec": round(idle, 3),
            "engine_cpu_a_member": round(spent[1] / len(found), 3), "paths": dict(paths)}


def _shape(path):
    return re.sub(r"[0-9a-f-]{36}", "ID", Path(path).as_posix().split("/", 3)[-1])


def _cpu(pid):
    """CPU seconds of a process so far, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _cpu_during(pid, work):
    before = _cpu(pid)
    work()
    return _cpu(pid) - before


if __name__ == "__main__":
    main()
