"""Executors that lack something: nothing is guessed.

Where another one has it, that one does the step: test_crashes.py and test_outages.py.
"""
import json

from trove_upgrade.interfaces.shapes import CHECK

from tests.distributed.site import WIDE
from tests.end_to_end.site import NEW
from tests.waits import until

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


def check(site, user, **inputs):
    """The output of a check of the executors."""
    mistral = site.cloud.mistral(user)
    run = mistral.executions.create(CHECK, workflow_input=inputs).id
    found = until(lambda: (one := mistral.executions.get(run)).state == "SUCCESS" and one, "end")
    return json.loads(found.output)


def test_a_check_hears_every_executor_and_names_the_one_that_differs(site, cluster):
    """And until it finds no difference any more plans tell of it."""
    with site.without_client("executor-2"):
        found = check(site, "admin", executors=3)
        planned = site.upgrades.plan({"cluster_id": cluster.id, "datastore_version": NEW})
    assert [one["executor"].partition(":")[0] for one in found["executors"]] == [*ALL]
    assert (found["status"], found["differing"]) == ("trouble", ["drivers that load"])
    assert len(found["troubles"]) == 1 and "executor-2" in found["troubles"][0]
    assert [one for one in planned.plan["notes"] if "drivers that load" in one]
    again = check(site, "admin", executors=3)
    assert (again["status"], sum(again["answers"].values())) == ("ok", 12), again
    planned = site.upgrades.plan({"cluster_id": cluster.id, "datastore_version": NEW})
    assert [one for one in planned.plan["notes"] if "drivers that load" in one] == []
