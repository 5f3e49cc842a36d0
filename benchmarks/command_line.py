"""What a person waits for before a command answers, beside the OpenStack client's.

CPU seconds, its engine's included where it starts one: a busy machine does not change them much.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from trove_upgrade.lab.lab import Lab

BIN = Path(sys.executable).parent
ROUNDS = 5
BASE = ("openstack", "--version")
TARGET = ("--cluster", "shop", "--datastore-version", "9.1.2")


def section():
    """The figures as a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as home, Lab() as lab:
        lab.create_cluster("shop")
        env = {"HOME": home, "PATH": os.environ["PATH"], **lab.env()}
        plan = ("trove-upgrade", "plan", *TARGET, "--access-dir", str(lab.access_dir))
        subprocess.run([BIN / plan[0], *plan[1:]], check=True, env=env, stdout=subprocess.DEVNULL)
        commands = {" ".join(BASE): BASE,
                    "trove-upgrade --help": ("trove-upgrade", "--help"),
                    "trove-upgrade list": ("trove-upgrade", "list", "--all"),
                    "trove-upgrade show": ("trove-upgrade", "show", _planned(env)),
                    "trove-upgrade plan": plan}
        times = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():      # in turn: a busy machine is busy for all
                times[name].append(cpu_sec(command, env))
    found = {name: statistics.median(taken) for name, taken in times.items()}
    base = found[" ".join(BASE)]
    rows = "\n".join(f"| `{name}` | {taken / base:.2f} | {taken:.2f} |"
                     for name, taken in found.items())
    return f"""## Command line

`plan` is of six members: it starts an embedded engine, asks Trove and the members, and ends the
engine.

| command | of `openstack --version` | CPU s |
|---|---:|---:|
{rows}
"""


def _planned(env):
    """Id of the plan that was made."""
    done = subprocess.run([BIN / "trove-upgrade", "list", "--all", "-f", "json"], check=True,
                          env=env, capture_output=True, text=True)
    return json.loads(done.stdout)[0]["id"]


def cpu_sec(command, env):
    """CPU seconds of one command and of what it starts, and the system's for it."""
    program, *words = command
    before = os.times()
    subprocess.run([BIN / program, *words], check=True, stdout=subprocess.DEVNULL, env=env)
    after = os.times()
    return (after.children_user + after.children_system
            - before.children_user - before.children_system)


if __name__ == "__main__":
    print(section())
