"""Processes of Mistral, its broker and its database die, are replaced and cut off in the middle of
waves: upgrades go on."""
import time

from tests.distributed.site import assert_upgraded
from tests.waits import until

XDIST_GROUP = "distributed"


def an_executor_and_an_engine_die(site):
    site.engine.kill("executor-1", "engine-1")


def all_die_with_a_request_that_nobody_saw(site, late):
    """All executors, engines and the broker die, and come back; another run has just asked for an
    action, which no executor has taken."""
    service = site.engine
    executors = [node.name for node in service.named("executor")]
    for name in executors:
        service.freeze(name)
    late.resume()
    until(lambda: site.actions_at_work(late.id), "an action is asked for")
    names = [*executors, *(node.name for node in service.named("engine"))]
    service.kill(*names)
    service.broker.kill()
    service.broker.start()
    for name in names:
        service.nodes[name].start()


def all_are_replaced_in_turn(site):
    """First what is the second of its kind, then the others."""
    for later in (True, False):
        half = [node for node in site.engine.nodes.values() if node.name.endswith("-2") is later]
        for node in half:
            node.process.stop()
            node.start()
        for node in half:
            node.wait()


def the_broker_and_the_database_die(site):
    for part in (site.engine.broker, site.engine.database):
        part.kill()
        part.start()


def until_stopped(run, number):
    """Wait until so many members were made unavailable."""
    until(lambda: sum(one["event"] == "stopping" for one in run.journal()) >= number,
          f"member {number} is stopped", story=run.journal)
    print(f"{time.time() - run.since:.1f} member {number}", flush=True)


def test_each_wave_outlives_another_crash(site, cluster):
    """Six members one by one, a fault while each is unavailable. Meanwhile the request is made
    again that the broker took with it."""
    def act(run):
        until_stopped(run, 1)
        an_executor_and_an_engine_die(site)
        until_stopped(run, 2)
        late.until_paused()
        all_die_with_a_request_that_nobody_saw(site, late)
        until_stopped(run, 3)
        all_are_replaced_in_turn(site)
        until_stopped(run, 4)
        the_broker_and_the_database_die(site)
        until_stopped(run, 5)
        for way in (site.to_broker, site.to_database):
            way.refuse()
            way.renew()
        with site.cut_off("executor-2"):
            until_stopped(run, 6)
    with site.cluster() as other:
        late = site.begin(other, parallelism="domain", pause_after="first")
        found = site.upgrade_under_load(cluster, act)
        after = late.end()
    for one in (found, after):
        assert_upgraded(one)
        assert len(one.forward()) == 6            # nobody twice
    site.until_at_rest()
