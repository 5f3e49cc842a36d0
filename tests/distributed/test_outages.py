"""Mistral's API is away for two minutes at any moment of a run, and meanwhile an executor hangs and
an engine dies: runs last longer, and that is all."""
import time

from tests.distributed.site import WIDE, assert_upgraded

XDIST_GROUP = "distributed"
AWAY_SEC, HANGS_SEC = 120, 45       # the latter longer than its missed heartbeats may last


def apis_are_away(service):
    service.kill("api-1", "api-2", "engine-1")
    service.freeze("executor-2")
    time.sleep(HANGS_SEC)
    service.thaw("executor-2")
    service.nodes["engine-1"].start().wait()
    time.sleep(AWAY_SEC - HANGS_SEC)
    for node in service.named("api"):
        node.start()
    for node in service.named("api"):
        node.wait()


def test_an_api_that_is_away_costs_nothing_but_time(site):
    """In a wave, in the undo, and when the last member is done."""
    with site.cluster() as rolling, site.cluster() as undone, site.cluster() as ending:
        site.break_member(undone, "never_starts", 6)
        runs = [site.begin(one, **WIDE) for one in (undone, ending, rolling)]
        back, end, roll = runs
        back.until(lambda: any(one["wanted"] == site.old for one in back.journal()
                               if one["event"] == "stopping"), "the undo")
        apis_are_away(site.engine)
        found = [run.end() for run in runs]
    for one in found[1:]:
        assert_upgraded(one)
        assert len(one.forward()) == 6
    assert found[0].result["status"] == "rolled_back"
    site.until_at_rest()
