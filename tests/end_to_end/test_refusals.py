"""Refused before anything is touched, each with words that say why and what to do."""
import uuid

import pytest

from tests.end_to_end.site import OLD
from tests.waits import until

LAB: dict = {}
XDIST_GROUP = "lab 3"


@pytest.fixture(scope="module")
def shop(site):
    """A cluster for all refusals: none of them changes it."""
    with site.cluster() as made:
        yield made


def refused(site, cluster, *words, **inputs):
    """The outcome of a run that must be refused with these words, untouched."""
    found = site.begin(cluster, **inputs).end()
    assert found.state == "ERROR"
    assert found.result["status"] == "refused", found.result
    for word in words:
        assert word in found.state_info, found.state_info
    assert found.result["summary"] == found.state_info
    assert found.stops() == []
    assert [call for call in found.calls if call["method"] == "PATCH"] == []
    assert found.lock is None
    return found


@pytest.mark.parametrize("wanted", ["nope", str(uuid.UUID(int=7))])
def test_unknown_cluster(site, shop, wanted):
    refused(site, shop, "There is no cluster", wanted, cluster_id=wanted)


@pytest.mark.parametrize("wanted", ["7.7", str(uuid.UUID(int=7))])
def test_unknown_version(site, shop, wanted):
    refused(site, shop, f"no version '{wanted}'", "it offers: ", OLD, datastore_version=wanted)


def test_inactive_version_by_id(site, shop):
    inactive = site.lab.version_id("9.0.0")
    refused(site, shop, "[version_active]", "inactive", datastore_version=inactive)


def test_inactive_version_by_name(site, shop):
    refused(site, shop, "9.0.0", datastore_version="9.0.0")


def test_version_of_another_datastore(site, shop):
    other = site.lab.version_id("10.11.18", datastore="mariadb")
    refused(site, shop, "belongs to another datastore", datastore_version=other)


@pytest.mark.parametrize(("key", "value", "allowed"), [
    ("on_failure", "explode", "allowed are: rollback, pause, stop"),
    ("bake_sec", -1, "it must be at least 0"),
    ("member_timeout_sec", "soon", "it must be of type integer"),
    ("skip_checks", "Not A Name", "it must match")])
def test_bad_input_names_key_value_and_what_is_allowed(site, shop, key, value, allowed):
    refused(site, shop, key, str(value), allowed, **{key: value})


def test_a_volume_that_is_nearly_full(site, shop):
    site.lab.faults.member("full_volume", f"{shop.name}-member-2")
    found = refused(site, shop, "[volume_space]", f"{shop.name}-member-2 96 %", "resize volume")
    assert f"{shop.name}-member-1 " not in found.state_info
    site.lab.faults.clear()


def test_no_native_access(site, shop):
    wrong = site.lab.settings.port + 777
    (site.lab.access_dir / "wrong.yaml").write_text(f"redis: {{port: {wrong}}}\n")
    refused(site, shop, "[native_access]", "access file", access="wrong")


def test_wrong_password(site, shop):
    (site.lab.access_dir / "keyless.yaml").write_text(
        f"redis: {{port: {site.lab.settings.port}}}\n")
    refused(site, shop, "[native_access]", access="keyless")


def test_missing_access_file(site, shop):
    refused(site, shop, "no access file named 'absent'", access="absent")


def test_unknown_driver(site, shop):
    refused(site, shop, "There is no datastore driver 'oracle'", driver="oracle")


def test_downgrade(site, shop):
    """Asked of a cluster whose first member is on the new version already."""
    with site.cluster() as cluster:
        member = site.lab.members(cluster)[3]
        site.lab.upgrade_member(member.id, "9.1.2")
        until(lambda: site.lab.is_settled(cluster), "one member on 9.1.2")
        refused(site, cluster, "[not_a_downgrade]", "skip this check by name",
                datastore_version=OLD)


def test_degraded_cluster_and_missing_replica(site):
    """A replica is down: by Trove's word, by its own silence, and as its shard's replica."""
    with site.cluster() as cluster:
        site.break_member(cluster, "does_not_start", 4)
        down = site.lab.members(cluster)[3]
        site.lab.upgrade_member(down.id, "9.1.2")
        # Until then Trove may call it ACTIVE by a heartbeat that is older than the upgrade.
        until(lambda: {one["id"]: one["status"] for one in site.shown(cluster)}[down.id] == "ERROR",
              "member 4 down by Trove's word")
        refused(site, cluster, "[native_access]", "[replicas_ready]", "[members_active]",
                "member-4")


def test_persistence_off(site, shop):
    members = site.lab.members(shop)
    try:
        for member in members:
            site.configure(member, "save", "")
        refused(site, shop, "[persistence_on]", "Give them save points")
    finally:
        for member in members:
            site.configure(member, "save", "900 1 300 10 60 10000")


def test_dry_run_tells_the_plan_and_changes_nothing(site, shop):
    found = site.begin(shop, dry_run=True).end()
    assert found.state == "SUCCESS"
    assert found.result["status"] == "planned"
    assert [len(wave) for wave in found.result["plan"]["waves"]] == [1] * 6
    assert found.stops() == []
