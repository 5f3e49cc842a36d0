"""A member that came back with less data than it had is not well, whatever it says."""
import warnings

import pytest
from trove_upgrade import datastores
from trove_upgrade.schemas import UpgradeError

from tests.unit.conftest import plan_of, version
from tests.unit.datastores.redis.model import Cluster
from tests.unit.test_verdict import names, result
from tests.unit.trove_model import Lock, Record

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions.member import AwaitEvidence
    from trove_upgrade.services import access_files


@pytest.fixture
def cluster(monkeypatch):
    """Three shards without replicas; member 1 has just been started on the new version."""
    made = Cluster(3, 0)
    made.nodes["m0001"].version, made.nodes["m0001"].starts = "9.1.2", 2
    monkeypatch.setattr(datastores, "driver", lambda name, access: made.driver)
    monkeypatch.setattr(access_files, "settings", lambda *which: {})
    return made


def await_member(cluster, holds, server_id=""):
    plan = plan_of(cluster, skip_checks="replicas_ready", keep_rollback_path=False)
    peers = [{"id": one.id, "name": one.name, "address": one.address, "kind": ""}
             for one in cluster.members]
    taken = peers[1] | {"version": "8.1.8", "identity": "m0001-1",
                        "server_id": server_id or cluster.nodes["m0001"].node,
                        "origin": version("8.1.8"), "holds": holds}
    action = AwaitEvidence("owner-1", "m0001")
    action.remember(Record(plan | {"job": plan["job"] | {"try_sec": 0}}, {
        "members": {"m0001": taken}, "peers": peers, "unavailable": ["m0001"], "back": False}))
    return action.step(None, Lock())


def test_a_member_that_came_back_with_fewer_keys_stops_the_run(cluster):
    assert await_member(cluster, {"keys": 1000})["version"] == "9.1.2"
    cluster.nodes["m0001"].keys = 0
    with pytest.raises(UpgradeError, match="member-1 came back with 0 keys") as lost:
        await_member(cluster, {"keys": 1000})
    assert (lost.value.code, lost.value.klass) == ("data_missing", "stop")


def test_a_member_that_came_back_as_another_server_stops_the_run(cluster):
    """It held nothing, so it lacks nothing; or somebody has put another's data there."""
    was = cluster.nodes["m0001"].node
    with pytest.raises(UpgradeError, match=f"as another server: its id is {was} and was f00d") \
            as lost:
        await_member(cluster, {}, server_id="f00d")
    assert (lost.value.code, lost.value.klass) == ("data_missing", "stop")


def test_the_report_calls_it_failed_though_its_server_says_that_it_is_well(cluster):
    cluster.nodes["m0001"].version = "8.1.8"
    plan = plan_of(cluster, skip_checks="replicas_ready")
    cluster.nodes["m0001"].version = cluster.trove["m0001"] = "9.1.2"
    assert names(result(cluster, plan)["upgraded"]) == ["member-1"]
    found = result(cluster, plan, [{"code": "data_missing", "class": "stop", "instance": "m0001",
                                    "message": "member-1 came back with 0 keys."}])
    assert found["status"] == "failed"
    assert names(found["failed"]) == ["member-1"]
