"""Processes of Mistral die, are replaced and cut off in the middle of waves: upgrades go on."""
import time

from tests.distributed.site import assert_upgraded
from tests.waits import until

XDIST_GROUP = "distributed"


def an_executor_and_an_engine_die(service):
    service.kill("executor-1", "engine-1")


def all_die(service):
    """All executors and engines, and come back."""
    names = [node.name for kind in ("engine", "executor") for node in service.named(kind)]
    service.kill(*names)
    for name in names:
        service.nodes[name].start()


def all_are_replaced_in_turn(service):
    """First what is the second of its kind, then the others."""
    for later in (True, False):
        half = [node for node in service.nodes.values() if node.name.endswith("-2") is later]
        for node in half:
            node.process.stop()
            node.start()
        for node in half:
            node.wait()


FAULTS = (an_executor_and_an_engine_die, all_die, all_are_replaced_in_turn)


def until_stopped(run, number):
    """Wait until so many members were made unavailable."""
    until(lambda: sum(one["event"] == "stopping" for one in run.journal()) >= number,
          f"member {number} is stopped", story=run.journal)


def test_each_wave_outlives_another_crash(site, cluster):
    """Six members one by one, a fault while each is unavailable; the last of an executor that
    reaches no member."""
    def act(run):
        for number, fault in enumerate(FAULTS, 1):
            until_stopped(run, number)
            print(f"{time.time() - run.since:.1f} {fault.__name__}", flush=True)
            fault(site.engine)
        until_stopped(run, 4)
        with site.cut_off("executor-2"):
            until_stopped(run, 6)
    found = site.upgrade_under_load(cluster, act)
    assert_upgraded(found)
    assert len(found.forward()) == 6            # nobody twice
    site.until_at_rest()
