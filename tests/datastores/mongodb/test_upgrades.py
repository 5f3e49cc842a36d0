"""A sharded cluster on the real Trove and the real engine; its servers are the lab's doubles.

One cluster for the module: each test leaves it well, and on the old release but for the last ones.
"""
import pytest
from trove_upgrade.lab.kinds.mongodb import native
from trove_upgrade.lab.kinds.mongodb.kind import NEW, OLD

from tests.end_to_end.invariants import assert_invariants, assert_replicas_first

XDIST_GROUP = "mongodb"
LAB = {"kind": "mongodb", "node_timeout_ms": 2000}
CONFIG, SHARD, ROUTERS = ({f"{name}-{number}" for number in range(1, size + 1)}
                          for name, size in (("configsvr", 3), ("rs1", 3), ("mongos", 2)))


@pytest.fixture(scope="module")
def cluster(site):
    with site.cluster() as made:
        yield made


def ask(site, member, command):
    return native.inside(member.address, site.lab.settings, command)


def router(site, cluster):
    return next(one for one in site.lab.members(cluster) if "mongos" in one.name)


def balancer(site, cluster):
    return ask(site, router(site, cluster), {"balancerStatus": 1})["mode"]


def feature_versions(site, cluster):
    asked = [ask(site, one, {"getParameter": 1, "featureCompatibilityVersion": 1})
             for one in site.lab.members(cluster) if one.shard]
    return {one["featureCompatibilityVersion"]["version"] for one in asked}


def part(name):
    return "-".join(name.rsplit("-", 2)[-2:])


def forward(outcome):
    return [part(event["name"]) for event in outcome.journal
            if event["event"] == "stopping" and event["wanted"] == NEW]


def hide_from_tenants(site, cluster, _):
    """What Trove answers to who is no administrator."""
    site.break_api(cluster, "status", "GET", f"mgmt/clusters/{cluster.id}", status=401, count=None)


def test_who_does_not_see_config_servers_and_routers_is_refused(site, cluster):
    outcome = site.begin(cluster, hide_from_tenants).end()
    assert outcome.lock is None
    assert outcome.result["status"] == "refused"
    assert "[all_members_seen]" in outcome.result["summary"]
    assert "administrator" in outcome.result["summary"]
    assert outcome.stops() == []


def test_second_config_server_does_not_start_and_both_go_back(site, cluster):
    broken = sorted(one.name for one in site.lab.members(cluster)
                    if "configsvr" in one.name and one.role == "replica")[1]
    number = [one.name for one in site.lab.members(cluster)].index(broken) + 1
    site.break_member(cluster, "does_not_start", number)
    outcome = site.upgrade_under_load(cluster)
    assert_invariants(outcome)
    assert outcome.result["status"] == "rolled_back", outcome.result
    assert len(forward(outcome)) == 2
    assert outcome.versions() == {OLD}
    assert balancer(site, cluster) == "full"


def test_config_servers_shard_and_routers_in_turn_under_load_with_a_pause(site, cluster):
    def look_at_the_pause(run):
        run.until_paused()
        resting = balancer(site, cluster)
        run.resume()
        return resting

    outcome = site.upgrade_under_load(cluster, act=look_at_the_pause, pause_after="first")
    assert_invariants(outcome)
    assert_replicas_first(outcome)
    assert outcome.result["status"] == "upgraded", outcome.result
    order = forward(outcome)
    assert (set(order[:3]), set(order[3:6]), set(order[6:])) == (CONFIG, SHARD, ROUTERS)
    assert outcome.versions() == {NEW}
    assert (outcome.seen, balancer(site, cluster)) == ("off", "full")
    assert feature_versions(site, cluster) == {"6.0"}
    assert OLD in outcome.result["undo"]


def test_finalised_it_can_not_go_back(site, cluster):
    done = site.execute("trove_upgrade.finalize", cluster_id=cluster.id)
    assert {part(one) for one in done["finalized"]} == ROUTERS
    assert feature_versions(site, cluster) == {"7.0"}
    back = site.begin(cluster, datastore_version=OLD, skip_checks="not_a_downgrade").end()
    assert_invariants(back)
    assert back.result["status"] == "refused"
    assert "[rollback_path_open]" in back.result["summary"]
    assert back.stops() == []
