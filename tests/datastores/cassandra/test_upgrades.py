"""Upgrades of the lab's Cassandra, 4.1.9 to 5.0.4, through real Trove and real Mistral."""
import pytest

from tests.end_to_end.invariants import assert_invariants, assert_nothing_lost
from tests.end_to_end.site import resume_when_paused

XDIST_GROUP = "cassandra"
LAB = {"kind": "cassandra"}         # three racks of one member


def resume_and_go_back(run):
    paused = resume_when_paused(run)
    first = run.end()
    return paused, first, run.again(datastore_version=run.origin, skip_checks="not_a_downgrade")


def test_one_by_one_under_load_and_back_while_the_mode_is_compatible(site, cluster):
    """With a pause after the first member."""
    found = site.upgrade_under_load(cluster, act=resume_and_go_back, pause_after="first")
    paused, first, back = found.seen
    assert paused.forward() == ["1"]
    assert first.result["status"] == "upgraded", first.result
    assert first.forward() == ["1", "2", "3"]
    assert first.versions() == {site.new}
    assert len(first.held) == 3, "finalising waits for a person"
    assert_invariants(first)
    assert back.result["status"] == "upgraded", back.result
    assert back.versions() == {site.old}
    assert_nothing_lost(found)


def test_second_member_does_not_start_and_all_go_back(site, cluster):
    site.break_member(cluster, "does_not_start", 2)
    found = site.upgrade_under_load(cluster)
    assert found.result["status"] == "rolled_back", found.result
    assert found.forward() == ["1", "2"]
    assert sorted(found.names("rolled_back")) == ["1", "2"]
    assert found.versions() == {site.old}
    assert_invariants(found)


def test_a_whole_rack_at_a_time_where_replication_covers_it(site):
    with site.cluster(members=2) as cluster:
        found = site.upgrade_under_load(cluster, parallelism="domain", canary=False)
        assert found.result["status"] == "upgraded", found.result
        order = found.forward()
        assert [set(order[at:at + 2]) for at in (0, 2, 4)] == [
            {"1", "4"}, {"2", "5"}, {"3", "6"}]
        assert_nothing_lost(found)


def test_a_repair_under_way_refuses_the_upgrade_and_finalising_waits_for_people(site, cluster):
    member = site.lab.members(cluster)[1]
    tasks = site.lab.directory / "data" / member.id / "tasks"
    tasks.write_text("validation")
    found = site.begin(cluster).end()
    assert found.result["status"] == "refused"
    assert "validation" in found.result["summary"]
    assert found.stops() == []
    tasks.unlink()
    done = site.begin(cluster, parallelism="domain").end()
    assert done.result["status"] == "upgraded", done.result
    # `execute` asserts that a workflow succeeds, and tells its state_info when it does not.
    with pytest.raises(AssertionError, match="storage_compatibility_mode CASSANDRA_4"):
        site.execute("trove_upgrade.finalize", cluster_id=cluster.id)
