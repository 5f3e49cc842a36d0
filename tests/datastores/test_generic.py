"""A datastore without a driver: Trove's word alone, on a cluster that can spare one member."""
import pytest

from tests.end_to_end.conftest import clean_site
from tests.end_to_end.invariants import assert_every_member_is_accounted_for, assert_nothing_lost


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with clean_site(tmp_path_factory.mktemp("engine"), kind="generic") as made:
        yield made


@pytest.fixture
def cluster(site):
    with site.cluster() as made:
        yield made


def upgrade(site, cluster, **inputs):
    """Under load, to its end."""
    with site.load(cluster) as load:
        found = site.begin(cluster, **inputs).end()
        found.load = load.stop()
    assert_nothing_lost(found)
    assert_every_member_is_accounted_for(found)
    return found


def test_plan_says_that_its_gates_are_troves_alone_and_it_upgrades_one_by_one(site, cluster):
    plan = site.begin(cluster, dry_run=True).end().result["plan"]
    assert plan["job"]["driver"] == "generic"
    assert any("Trove's word alone" in note for note in plan["notes"])
    assert [len(wave) for wave in plan["waves"]] == [1, 1, 1]

    found = upgrade(site, cluster, parallelism="domain")
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


def test_pause_to_look_for_oneself_and_resume(site, cluster):
    with site.load(cluster) as load:
        run = site.begin(cluster, pause_after="first")
        assert run.until_paused().forward() == ["1"]
        run.resume()
        found = run.end()
        found.load = load.stop()
    assert found.result["status"] == "upgraded", found.result
    assert found.versions() == {site.new}
    assert_nothing_lost(found)
