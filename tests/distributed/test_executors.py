"""Executors that lack something: nothing is guessed.

Where another one has it, that one does the step: test_crashes.py and test_outages.py.
"""
from tests.distributed.site import WIDE

XDIST_GROUP = "distributed"
ALL = ("executor-1", "executor-2", "executor-3")


def test_where_no_executor_has_the_drivers_client_nothing_is_touched(site, cluster):
    """Nor does any take the driver ``generic`` instead, which would stop primaries."""
    with site.without_client(*ALL):
        found = site.upgrade_to_end(cluster, **WIDE)
    codes = {one["code"] for one in found.result["errors"]}
    assert (found.result["status"], codes) == ("refused", {"driver_not_loadable"})
    assert "redis" in found.result["summary"]
    assert found.stops() == []
