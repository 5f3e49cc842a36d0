"""Processes of Mistral die, hang and are replaced in the middle of waves: the upgrade goes on."""
import time

from tests.distributed.site import assert_upgraded

XDIST_GROUP = "distributed"
HANGS_SEC = 45      # longer than its missed heartbeats may last


def one_executor_dies(service):
    service.kill("executor-1")


def one_engine_dies(service):
    service.kill("engine-1")
    service.nodes["executor-1"].start()


def an_executor_hangs(service):
    service.nodes["engine-1"].start()
    service.freeze("executor-2")
    time.sleep(HANGS_SEC)
    service.thaw("executor-2")


def all_executors_die(service):
    names = [node.name for node in service.named("executor")]
    service.kill(*names)
    for name in names:
        service.nodes[name].start()


def both_engines_die(service):
    service.kill("engine-1", "engine-2")
    for node in service.named("engine"):
        node.start()


def all_are_replaced_in_turn(service):
    for node in service.nodes.values():
        node.restart()


FAULTS = (one_executor_dies, one_engine_dies, an_executor_hangs, all_executors_die,
          both_engines_die, all_are_replaced_in_turn)


def test_each_wave_outlives_another_crash(site, cluster):
    """Six members one by one, a fault while each is away."""
    def act(run):
        run.until_event("stopping")
        for number, fault in enumerate(FAULTS, 1):
            print(f"{time.time() - run.since:.1f} {fault.__name__}", flush=True)
            fault(site.engine)
            if site.start_what_was_lost(run, number + 1):
                print("a start was lost")
    found = site.upgrade_under_load(cluster, act)
    assert_upgraded(found)
    assert len(found.forward()) == 6            # nobody twice
    site.until_at_rest()


