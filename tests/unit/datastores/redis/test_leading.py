"""Who may lead a shard, and who would refuse writes, by the settings of each member."""
import pytest
from trove_upgrade.datastores.base import DatastoreError
from trove_upgrade.datastores.redis import RedisDriver, leading

from tests.unit.datastores.redis.model import Cluster

DRIVER = RedisDriver({})
MADE_NOT_TO_LEAD = [("replica-priority", "0"), ("cluster-replica-no-failover", "yes")]


def read(cluster):
    return cluster.driver.read(cluster.members)


def refused(cluster):
    return {one.name: one for one in DRIVER.checks(read(cluster)) if not one.ok}


@pytest.mark.parametrize(("name", "value"), MADE_NOT_TO_LEAD)
def test_a_replica_that_is_made_not_to_lead_is_no_candidate(name, value):
    cluster = Cluster(3, 2)
    cluster.nodes["m0003"].config[name] = value
    assert leading.candidate(read(cluster), "m0000", "9.1.2").id == "m0006"
    assert refused(cluster) == {}


@pytest.mark.parametrize(("name", "value"), MADE_NOT_TO_LEAD)
def test_a_shard_that_no_replica_may_lead_is_refused_by_name(cluster, name, value):
    cluster.nodes["m0003"].config[name] = value
    check = refused(cluster)["may_lead"]
    assert "shard-1 in place of member-0" in check.message
    assert f"member-3 has {name} {value}" in check.message
    assert name in check.remedy
    with pytest.raises(DatastoreError, match=f"member-3 has {name} {value}"):
        RedisDriver.switchover(DRIVER, read(cluster), "m0000", "9.1.2")


def test_a_replica_that_lacks_a_module_of_its_primary_is_no_candidate(cluster):
    """As one on an image without it: INFO modules."""
    search = {"name": "search", "ver": 20813, "api": 1, "filters": 0}
    for node in cluster.nodes.values():
        node.modules.append(search)
    assert refused(cluster) == {}
    notes = " ".join(DRIVER.texts(read(cluster), True).notes)
    assert "modules (search 20813), which the new image must load" in notes
    cluster.nodes["m0003"].modules.clear()
    assert leading.candidate(read(cluster), "m0000", "9.1.2") is None
    assert ("member-3 has not loaded the module search, which member-0 has"
            in refused(cluster)["may_lead"].message)
    cluster.nodes["m0000"].version = "9.1.2"        # on the way back, with what 9.1 brings itself
    assert leading.candidate(read(cluster), "m0000", "8.1.8").id == "m0003"


@pytest.mark.parametrize(("primary", "replica", "told"), [
    ({"maxmemory": 0}, {"maxmemory": 100, "used_memory": 101},
     "holds 101 bytes, and would evict keys or refuse writes beyond maxmemory 100"),
    ({"maxmemory": 200}, {"maxmemory": 100, "used_memory": 101}, "beyond maxmemory 100"),
    # Both are full, as a cache is.
    ({"maxmemory": 100}, {"maxmemory": 100, "used_memory": 101}, ""),
    ({"maxmemory": 0}, {"maxmemory": 100, "used_memory": 99}, ""),
    ({"maxmemory_policy": "noeviction"}, {"maxmemory": 100, "maxmemory_policy": "allkeys-lru"},
     "evicts keys (maxmemory-policy allkeys-lru), and member-0 does not"),
    ({"maxmemory_policy": "volatile-lru", "maxmemory": 100},
     {"maxmemory_policy": "allkeys-lru", "maxmemory": 100}, ""),
    ({}, {"maxmemory": 0, "maxmemory_policy": "allkeys-lru"}, ""),
    ({"connected_clients": 11}, {"maxclients": 10},
     "takes 10 clients (maxclients), and member-0 has 11"),
    ({"connected_clients": 10}, {"maxclients": 10}, "")])
def test_a_replica_with_less_room_than_its_primary_needs_is_no_candidate(
        cluster, primary, replica, told):
    cluster.nodes["m0000"].info, cluster.nodes["m0003"].info = primary, replica
    assert (leading.candidate(read(cluster), "m0000", "9.1.2") is None) == bool(told)
    found = refused(cluster)
    assert ("may_lead" in found) == bool(told)
    assert not told or told in found["may_lead"].message


def test_a_primary_that_takes_no_writes_with_a_replica_less_is_refused_by_name(cluster):
    cluster.nodes["m0001"].config["min-replicas-to-write"] = "1"
    found = refused(cluster)
    assert set(found) == {"writes_go_on"}
    assert "member-1 takes no writes" in found["writes_go_on"].message
    assert "min-replicas-to-write" in found["writes_go_on"].remedy
    assert DRIVER.blockers(read(cluster), ()) == []
    wrong = DRIVER.blockers(read(cluster), {"m0004"})
    assert wrong == ["member-1 takes no writes with fewer than 1 replicas "
                     "(min-replicas-to-write 1) and would have 0"]
    assert DRIVER.blockers(read(cluster), {"m0003"}) == []


def test_a_candidate_is_judged_as_if_it_led(cluster):
    cluster.nodes["m0004"].config["min-replicas-to-write"] = "1"
    message = refused(cluster)["may_lead"].message
    assert "nobody may lead shard-2" in message
    assert "member-4 takes no writes with fewer than 1 replicas" in message


def test_two_replicas_allow_for_one_less():
    cluster = Cluster(3, 2)
    for node in cluster.nodes.values():
        node.config["min-replicas-to-write"] = "1"
    assert refused(cluster) == {}
    assert DRIVER.blockers(read(cluster), {"m0003"}) == []
    assert DRIVER.blockers(read(cluster), {"m0003", "m0006"})


def test_without_a_limit_of_the_lag_the_number_of_replicas_is_not_minded(cluster):
    for node in cluster.nodes.values():
        node.config |= {"min-replicas-to-write": "1", "min-replicas-max-lag": "0"}
    assert refused(cluster) == {}


def test_a_primary_that_refuses_writes_already_keeps_the_gate_shut(cluster):
    cluster.nodes["m0001"].config["min-replicas-to-write"] = "1"
    cluster.nodes["m0004"].synced = False
    assert any("member-1 takes no writes" in one for one in DRIVER.blockers(read(cluster), ()))
