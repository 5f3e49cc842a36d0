"""What members are set up for, on real Valkey servers."""
from trove_upgrade.lab.kinds.redis.native import connect

LAB: dict = {}
XDIST_GROUP = "lab clients"


def configure(site, cluster, numbers, name, value):
    """CONFIG SET on members, by their place in the cluster."""
    members = site.lab.members(cluster)
    for number in numbers:
        with connect(members[number - 1].address, site.lab.settings) as client:
            client.config_set(name, value)


def test_who_would_refuse_writes_or_may_not_lead_is_refused_before_anything_is_touched(site):
    with site.cluster(shards=3, replicas=1) as cluster:
        configure(site, cluster, (1, 4), "min-replicas-to-write", 1)
        configure(site, cluster, (5,), "replica-priority", 0)
        configure(site, cluster, (6,), "cluster-replica-no-failover", "yes")
        found = site.begin(cluster).end()
    assert found.result["status"] == "refused"
    assert "1 takes no writes with fewer than 1 replicas" in found.state_info
    assert "nobody may lead shard-2" in found.state_info
    assert "5 has replica-priority 0" in found.state_info
    assert "6 has cluster-replica-no-failover yes" in found.state_info
    assert found.stops() == []
