"""What a person waits for before a command begins: CPU seconds, beside the OpenStack client's."""
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BIN = Path(sys.executable).parent
ROUNDS = 5
COMMANDS = (("openstack", "--version"), ("trove-upgrade", "--help"), ("trove-upgrade", "list"))


def section():
    """The figures as a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as home:
        times = {command: [] for command in COMMANDS}
        for _ in range(ROUNDS):
            for command in COMMANDS:        # in turn: a busy machine is busy for all
                times[command].append(cpu_sec(command, home))
    found = {command: statistics.median(taken) for command, taken in times.items()}
    base = found[COMMANDS[0]]
    rows = "\n".join(f"| `{' '.join(command)}` | {taken / base:.2f} | {taken:.2f} |"
                     for command, taken in found.items())
    return f"""## Command line

| command | of `openstack --version` | CPU s |
|---|---:|---:|
{rows}
"""


def cpu_sec(command, home):
    """CPU seconds of one command, its own and the system's for it."""
    program, *words = command
    before = os.times()
    subprocess.run([BIN / program, *words], check=True, stdout=subprocess.DEVNULL,
                   env={"HOME": home, "PATH": os.environ["PATH"]})
    after = os.times()
    return (after.children_user + after.children_system
            - before.children_user - before.children_system)


if __name__ == "__main__":
    print(section())
