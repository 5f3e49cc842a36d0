"""How long planning takes for a large cluster, and what the embedded engine costs."""
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))   # the model of a cluster is that of the tests

ENGINE_STARTS = 3
PLANS = 5


def section():
    """The figures as a section of docs/benchmarks.md."""
    starts = [_engine() for _ in range(ENGINE_STARTS)]
    ready = statistics.median(start for start, _ in starts)
    memory = statistics.median(size for _, size in starts)
    return f"""## Size

| figure | median |
|---|---:|
| plan of 1,000 members (20 shards of 50), from facts | {_plan_sec():.2f} s |
| embedded engine ready | {ready:.1f} s |
| embedded engine memory when ready (RSS) | {memory:.0f} MB |
"""


def _plan_sec():
    from tests.unit.conftest import plan_of, snapshot
    from tests.unit.datastores.redis.model import Cluster
    cluster = Cluster(20, 49)
    now = snapshot(cluster)
    times = []
    for _ in range(PLANS):
        begin = time.perf_counter()
        plan_of(cluster, snapshot_of=lambda *given: now, parallelism="domain")
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def _engine():
    """(seconds until ready, megabytes resident)."""
    from trove_upgrade.embedded import EmbeddedEngine
    with tempfile.TemporaryDirectory() as directory:
        begin = time.perf_counter()
        with EmbeddedEngine(directory) as engine:
            ready = time.perf_counter() - begin
            status = Path(f"/proc/{engine.pid}/status").read_text(encoding="utf-8")
        rss = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return ready, int(rss.split()[1]) / 1024


if __name__ == "__main__":
    print(section())
