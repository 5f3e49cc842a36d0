"""Executors of Mistral die and hang in the middle of waves: the upgrade goes on."""
import time

from tests.distributed.site import assert_upgraded
from tests.waits import until

XDIST_GROUP = "distributed"
HANGS_SEC = 45      # longer than its missed heartbeats may last


def one_executor_dies(service):
    service.kill("executor-1")


def another_hangs(service):
    service.nodes["executor-1"].start()
    service.freeze("executor-2")
    time.sleep(HANGS_SEC)
    service.thaw("executor-2")


def all_executors_die(service):
    names = [node.name for node in service.named("executor")]
    service.kill(*names)
    for name in names:
        service.nodes[name].start()


FAULTS = (one_executor_dies, another_hangs, all_executors_die)


def test_each_wave_outlives_another_crash(site, cluster):
    """Six members one by one, a fault while each of the first is unavailable."""
    def act(run):
        for number, fault in enumerate(FAULTS, 1):
            until(lambda many=number: sum(one["event"] == "stopping" for one in run.journal())
                  >= many, f"member {number} is stopped", story=run.journal)
            print(f"{time.time() - run.since:.1f} {fault.__name__}", flush=True)
            fault(site.engine)
    found = site.upgrade_under_load(cluster, act)
    assert_upgraded(found)
    assert len(found.forward()) == 6            # nobody twice
    site.until_at_rest()
