"""A check of the executors tells an administrator all, and a tenant what concerns his cluster."""
import json

from trove_upgrade.interfaces.shapes import CHECK

from tests.cloud.runs import ENDED, SHARED
from tests.waits import until

CLOUD = SHARED
XDIST_GROUP = "cloud 3"


def checked(cloud, user, **inputs):
    """What the user is told, and every row of it that he may read."""
    mistral = cloud.mistral(user)
    run = mistral.executions.create(CHECK, workflow_input={"asks": 3, **inputs}).id
    found = until(lambda: (one := mistral.executions.get(run)).state in ENDED and one, "the end")
    assert found.state == "SUCCESS", found.state_info
    rows = [mistral.action_executions.get(one.id).output for task in mistral.tasks.list(run)
            for one in mistral.action_executions.list(task.id)]
    return json.loads(found.output), str([found.output, *rows])


def test_an_administrator_is_told_of_files_and_settings(cloud):
    found, _ = checked(cloud, "admin", executors='"1"')         # as the dashboard's form sends it
    assert (found["status"], len(found["executors"])) == ("ok", 1), found
    own = found["executors"][0]
    assert own["settings"]["publishers"][0] == "trove_upgrade"
    assert own["access"] and own["clock_ahead_sec"] is not None
    assert found["answers"] == {own["executor"]: 3}


def test_a_tenant_is_told_of_his_own_cluster_and_of_no_host_or_file(cloud, cluster):
    told, _ = checked(cloud, "admin")
    found, rows = checked(cloud, "demo", cluster_id=cluster.id)
    own = found["executors"][0]
    assert [one["problem"] for one in own["members"]] == [""] * 2
    assert (own["access"], own["settings"]) == (None, None)
    secret = told["executors"][0]
    for word in (secret["executor"], *secret["access"].values(), "check_interval", "/"):
        assert word not in rows
    stranger, _ = checked(cloud, "other", cluster_id=cluster.id)
    assert [*stranger["executors"][0]["members"]] == []
    assert "There is no cluster" in stranger["troubles"][0]
