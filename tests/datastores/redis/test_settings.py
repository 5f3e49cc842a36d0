"""What members are set up for, and what they keep, on real Valkey servers."""
from pathlib import Path

import pytest
from trove_upgrade.datastores.base import DatastoreError
from trove_upgrade.lab.kinds.redis.native import connect

from tests.datastores.sets import Set

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
        configure(site, cluster, (4,), "maxmemory", 1000)
        configure(site, cluster, (5,), "replica-priority", 0)
        configure(site, cluster, (6,), "cluster-replica-no-failover", "yes")
        found = site.begin(cluster).end()
    assert found.result["status"] == "refused"
    assert "1 takes no writes with fewer than 1 replicas" in found.state_info
    assert "refuse writes beyond maxmemory 1000" in found.state_info
    assert "nobody may lead shard-2" in found.state_info
    assert "5 has replica-priority 0" in found.state_info
    assert "6 has cluster-replica-no-failover yes" in found.state_info
    assert found.stops() == []


def test_a_dump_that_fails_is_told_and_does_not_make_a_primary_refuse_writes(site):
    with site.cluster(shards=3, replicas=1) as cluster:
        made = Set(site.lab, cluster)
        member = made.members[0]
        before = made.read()[member.id].settings
        with connect(member.address, site.lab.settings) as client:
            client.config_set("save", "")
            dump = Path(client.config_get("dir")["dir"], "dump.rdb")
            dump.unlink(missing_ok=True)
            Path(dump, "in the way").mkdir(parents=True)
            with pytest.raises(DatastoreError, match="1 could not save its dump") as failed:
                made.driver.finalize(member, before)
            assert failed.value.code == "not_saved"
            assert client.config_get("save")["save"] == ""      # so it takes writes
            client.config_set("save", before["save"])
            assert "1 fails to save its data" in made.driver.blockers(made.read(), ())[0]
            client.config_set("save", "")
            Path(dump, "in the way").rmdir()
            dump.rmdir()
            made.driver.finalize(member, before)
            assert client.config_get("save")["save"] == before["save"]
        assert dump.is_file()
        assert made.driver.blockers(made.read(), ()) == []


def test_a_member_that_comes_back_empty_stops_the_run_and_is_named(site):
    with site.cluster(shards=3, replicas=0) as cluster:
        configure(site, cluster, (1, 2, 3), "save", "")
        found = site.upgrade_under_load(cluster, skip_checks="replicas_ready,persistence_on")
    assert found.result["status"] == "failed", found.state_info
    assert found.codes() == {"data_missing"}
    assert found.names("failed") == ["1"]
    assert found.forward() == ["1"]
