"""A datastore without a driver: Trove's status alone, on a cluster that can spare one member."""
from tests.end_to_end.invariants import assert_every_member_is_accounted_for, assert_nothing_lost
from tests.end_to_end.site import resume_when_paused

XDIST_GROUP = "generic"
LAB = {"kind": "generic"}


def upgrade(site, cluster, **inputs):
    """Under load, to its end, with nothing lost."""
    found = site.upgrade_under_load(cluster, **inputs)
    assert_nothing_lost(found)
    assert_every_member_is_accounted_for(found)
    return found


def test_plan_says_that_its_gates_are_troves_alone_and_it_upgrades_one_by_one_with_a_pause(
        site, cluster):
    plan = site.begin(cluster, dry_run=True).end().result["plan"]
    assert plan["job"]["driver"] == "generic"
    assert any("Trove's status alone" in note for note in plan["notes"])
    assert [len(wave) for wave in plan["waves"]] == [1, 1, 1]

    found = upgrade(site, cluster, parallelism="domain", act=resume_when_paused,
                    pause_after="first")
    assert found.seen.forward() == ["1"], "a person looks for oneself"
    assert found.result["status"] == "upgraded", found.result
    assert found.forward() == ["1", "2", "3"]
    assert found.versions() == {site.new}
    assert site.begin(cluster).end().result["status"] == "nothing_to_do"


def test_second_member_does_not_start_and_both_go_back(site, cluster):
    site.break_member(cluster, "does_not_start", 2)
    found = upgrade(site, cluster)
    assert found.result["status"] == "rolled_back", found.result
    assert found.forward() == ["1", "2"]
    assert sorted(found.names("rolled_back")) == ["1", "2"]
    assert found.versions() == {site.old}
