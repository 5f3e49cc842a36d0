"""How long `trove-upgrade plan` takes to say what is wrong: each row of docs/first-contact.md, in a
process of its own as a person starts it, with the tests' servers that answer so."""
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))           # the misconfigurations are those of the tests
BIN = Path(sys.executable).parent
LIMIT_SEC = 2
ROUNDS = 4


def section():
    """The figures as a section of docs/benchmarks.md."""
    from tests.interfaces.test_misconfigured import CASES
    times = {what: [seconds(what) for _ in range(ROUNDS)] for what in sorted(CASES)}
    found = {what: [min(column) for column in zip(*taken, strict=True)]
             for what, taken in times.items()}
    longest = sorted(found.items(), key=lambda one: -one[1][1])
    medians = [statistics.median(column) for column in zip(*found.values(), strict=True)]
    shown = [longest[0], ("median of all", medians)]
    rows = "\n".join(f"| {what} | {cpu:.2f} | {wall:.2f} |" for what, (cpu, wall) in shown)
    over = sum(elapsed >= LIMIT_SEC for _, (_, elapsed) in longest)
    return f"""## First contact

`trove-upgrade plan` with each of the {len(found)} misconfigurations of
[the table](first-contact.md), each started {ROUNDS} times; the least is shown, as other work on the
machine only adds to it. {over} of them took {LIMIT_SEC} s or more. The longest:

| what is wrong | CPU s | elapsed s |
|---|---:|---:|
{rows}
"""


def seconds(what):
    """(CPU seconds of the command, elapsed seconds until it has said what is wrong)."""
    from tests.interfaces.small_cloud import SmallCloud
    from tests.interfaces.test_misconfigured import PLAN, arranged
    with tempfile.TemporaryDirectory() as home, SmallCloud() as cloud, \
            arranged(what, Path(home), cloud) as words:
        before, began = os.times(), time.monotonic()
        with subprocess.Popen([BIN / "trove-upgrade", "plan", *PLAN, *words],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as plan:
            plan.stderr.readline()
            elapsed = time.monotonic() - began
            plan.communicate()
        after = os.times()
    return (after.children_user + after.children_system
            - before.children_user - before.children_system), elapsed


if __name__ == "__main__":
    print(section())
