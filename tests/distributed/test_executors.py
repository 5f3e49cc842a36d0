"""Executors that differ: another one does what one of them can't, and none of them guesses."""
from contextlib import ExitStack

from tests.distributed.site import WIDE, assert_upgraded

XDIST_GROUP = "distributed"
ALL = ("executor-1", "executor-2", "executor-3")


def test_one_odd_executor_costs_nothing_but_time(site, cluster):
    """In the first wave it reaches no member, later it lacks the client: the others do it all.

    And it does not take the driver ``generic`` instead, which would stop primaries.
    """
    with ExitStack() as later:
        def act(run):
            run.until_event("stopping")
            with site.cut_off("executor-1"):
                run.until_event("stopping", 4)
            later.enter_context(site.without_client("executor-1"))
        found = site.upgrade_under_load(cluster, act, **WIDE)
    assert_upgraded(found)
    assert len(found.forward()) == 6


def test_where_no_executor_has_the_drivers_client_nothing_is_touched(site, cluster):
    with site.without_client(*ALL):
        found = site.upgrade_to_end(cluster, **WIDE)
    codes = {one["code"] for one in found.result["errors"]}
    assert (found.result["status"], codes) == ("refused", {"driver_not_loadable"})
    assert "redis" in found.result["summary"]
    assert found.stops() == []
