"""Mistral's API is away for two minutes, and meanwhile an executor hangs and an engine dies; an
executor lacks the driver's client all the time: runs last longer, and that is all."""
import time

from tests.distributed.site import WIDE, assert_upgraded
from tests.waits import TIMEOUT_SEC

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
    service.proxy.wait()


def test_an_api_that_is_away_costs_nothing_but_time(site):
    """In the undo of one run, and in the waves of another."""
    with site.without_client("executor-1"), site.cluster() as undone, site.cluster() as rolling:
        site.break_member(undone, "never_starts", 6)
        back = site.begin(undone, member_timeout_sec=TIMEOUT_SEC, **WIDE)
        run = site.begin(rolling)
        back.until(lambda: any(one["wanted"] == site.old for one in back.journal()
                               if one["event"] == "stopping"), "the undo")
        apis_are_away(site.engine)
        assert back.end().result["status"] == "rolled_back"
        found = run.end()
    assert_upgraded(found)
    assert len(found.forward()) == 6            # nobody twice
    site.until_at_rest()
