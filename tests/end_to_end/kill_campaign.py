"""kill -9 of the engine at random moments of upgrades under load; each must end by itself.

    python -m tests.end_to_end.kill_campaign [--trials 10] [--seed N] [--swap-sec 0.5]

Prints the seed, a line a trial and the figures; exit code 1 when a trial broke a promise.
"""
import argparse
import random
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")          # eventlet's, of itself

from tests.end_to_end.invariants import assert_invariants  # noqa: E402
from tests.end_to_end.site import ALL, NEW, Site  # noqa: E402

USUAL_SEC = 14.0      # in which an upgrade of the campaign moves its members


def trial(site: Site, after_sec: float) -> dict:
    """One upgrade, one kill ``after_sec`` seconds after its begin."""
    with site.cluster() as cluster, site.load(cluster) as load:
        run = site.begin(cluster)
        time.sleep(after_sec)            # the fault is injected at a random moment
        done = len([one for one in run.journal() if one["event"] == "serving"])
        site.restart_engine()
        restarted = time.time()
        found = run.end()
        found.load = load.stop()
    return {"after": after_sec, "served": done, "ended": time.time() - restarted,
            "failure": _failure(found), "lost": found.load["lost"], "failed": found.load["failed"],
            "gap": found.load["longest_gap_sec"]}


def _failure(found) -> str:
    try:
        assert_invariants(found)
        assert found.result["status"] == "upgraded", found.result
        assert found.forward() == ALL, found.forward()
        assert found.versions() == {NEW}, found.versions()
    except AssertionError as error:
        return str(error) or "an invariant"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--swap-sec", type=float, default=0.5)
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    moments = random.Random(chosen.seed)
    results = []
    with (tempfile.TemporaryDirectory() as directory,
          Site(Path(directory), swap_sec=chosen.swap_sec) as site):
        for number in range(1, chosen.trials + 1):
            one = trial(site, moments.uniform(0.2, USUAL_SEC))
            results.append(one)
            print(f"{number}: killed after {one['after']:.1f} s with {one['served']} members done; "
                  f"ended {one['ended']:.1f} s after the restart; lost {one['lost']}, failed "
                  f"{one['failed']}, longest gap {one['gap']:.2f} s {one['failure']}", flush=True)
    broken = [one for one in results if one["failure"]]
    times = [one["ended"] for one in results]
    print(f"{len(results) - len(broken)} of {len(results)} finished by themselves; after the "
          f"restart median {statistics.median(times):.1f} s, max {max(times):.1f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
