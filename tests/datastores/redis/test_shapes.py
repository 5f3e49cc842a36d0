"""Valkey clusters of other shapes: several replicas a shard, and none at all."""
from tests.end_to_end.invariants import assert_invariants, assert_replicas_first

LAB: dict = {}
XDIST_GROUP = "lab clients"
CONSENT = {"skip_checks": "replicas_ready"}


def test_two_replicas_a_shard_go_one_after_the_other(site):
    with site.cluster(shards=3, replicas=2) as cluster:
        found = site.upgrade_under_load(cluster, parallelism="domain", canary=False)
    assert found.result["status"] == "upgraded", found.state_info
    assert_invariants(found, together=3)
    assert_replicas_first(found)
    assert len(found.stops()) == 9


def test_without_replicas_it_is_refused_and_nothing_is_touched(site):
    with site.cluster(shards=3, replicas=0) as cluster:
        found = site.begin(cluster).end()
    assert found.result["status"] == "refused"
    assert "[replicas_ready]" in found.state_info
    assert found.stops() == []


def test_without_replicas_and_with_consent_nothing_is_lost(site):
    with site.cluster(shards=3, replicas=0) as cluster:
        found = site.upgrade_under_load(cluster, **CONSENT)
    assert found.result["status"] == "upgraded", found.state_info
    assert found.versions() == {site.new}
    assert (found.load["lost"], found.load["unreadable"]) == (0, 0)


def test_without_replicas_a_member_that_has_run_the_new_version_stays_on_it(site):
    with site.cluster(shards=3, replicas=0) as cluster:
        site.break_member(cluster, "does_not_start", 2)
        found = site.upgrade_under_load(cluster, **CONSENT)
    assert found.result["status"] == "stopped", found.state_info
    assert (found.names("upgraded"), found.names("rolled_back"), found.names("todo")) == (
        ["1"], ["2"], ["3"])
    assert "rollback_path_closed" in found.codes()
    assert (found.load["lost"], found.load["unreadable"]) == (0, 0)
