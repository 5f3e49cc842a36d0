"""Mistral with Keystone is killed in the middle: the upgrade goes on, with its owner's rights."""
import json

from tests.cloud.runs import SHARED
from tests.waits import PATIENCE_SEC, until

CLOUD = SHARED
XDIST_GROUP = "cloud 3"


def test_an_upgrade_goes_on_after_a_crash_of_mistral_in_its_owners_project(cloud, cluster):
    mistral = cloud.mistral("demo")
    begun = mistral.executions.create("trove_upgrade.cluster", workflow_input={
        "cluster_id": cluster.id, "datastore_version": "9.1.2", "bake_sec": 0}).id
    mine = {member.id for member in cloud.lab.members(cluster)}
    until(lambda: sum(one["event"] == "serving" and one["instance"] in mine
                      for one in cloud.lab.journal()) == 1, "one of two members")
    cloud.engine.kill()
    cloud.engine.start(PATIENCE_SEC)
    until(lambda: mistral.executions.get(begun).state not in ("RUNNING", "IDLE"), "the end",
          every=0.5)
    ended = mistral.executions.get(begun)
    assert ended.state == "SUCCESS", ended.state_info
    assert len(json.loads(ended.output)["upgraded"]) == 2
    assert {member.version for member in cloud.lab.members(cluster)} == {"9.1.2"}
    # What was made after the restart is its owner's, too.
    seen = {one.id for one in mistral.executions.list(root_execution_id=begun)}
    assert seen == {one.id for one in cloud.mistral("admin").executions.list(
        root_execution_id=begun)}
    stops = [one["instance"] for one in cloud.lab.journal()
             if one["event"] == "stopping" and one["instance"] in mine]
    assert len(stops) == 2              # nobody twice
