"""Executors that differ: another one does what one of them can't, and none of them guesses."""
from tests.distributed.site import WIDE, assert_upgraded

XDIST_GROUP = "distributed"
ALL = ("executor-1", "executor-2", "executor-3")


def test_one_executor_that_can_is_enough(site, cluster):
    """One lacks the client, one reaches no member: the third does all that they leave to it.

    And none of them takes the driver ``generic`` instead, which would stop primaries.
    """
    with site.without_client("executor-1"), site.cut_off("executor-2"):
        assert_upgraded(site.upgrade_under_load(cluster, **WIDE))


def test_where_no_executor_has_the_drivers_client_nothing_is_touched(site, cluster):
    with site.without_client(*ALL):
        found = site.upgrade_to_end(cluster, **WIDE)
    codes = {one["code"] for one in found.result["errors"]}
    assert (found.result["status"], codes) == ("refused", {"driver_not_loadable"})
    assert "redis" in found.result["summary"]
    assert found.stops() == []
