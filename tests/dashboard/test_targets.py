"""Which versions the form offers, and why not the others."""
import pytest

from tests.dashboard import pages

pages.set_up()

from trove_upgrade.interfaces.dashboard.targets import targets  # noqa: E402


def version(number):
    return {"id": f"id-{number}", "name": number, "number": number}


OFFERED = [version(one) for one in ("8.1.8", "10.0.1", "9.1.2", "7.2.4")]


def reasons(*origins, datastore="redis", replication=False):
    found = targets(datastore, [*map(version, origins)], OFFERED, replication)
    return {one.name: one.why_not for one in found}


def test_newest_is_named_first():
    assert [*reasons("8.1.8")] == ["10.0.1", "9.1.2", "8.1.8", "7.2.4"]


def test_same_and_older_versions_are_not_offered():
    assert reasons("8.1.8") == {
        "10.0.1": "", "9.1.2": "", "8.1.8": "every member is on it already",
        "7.2.4": "it is older than 8.1.8; to go back, use Roll Back of the upgrade"}


def test_half_upgraded_cluster_may_be_finished_and_not_sent_back():
    found = reasons("8.1.8", "9.1.2")
    assert found["9.1.2"] == ""
    assert found["8.1.8"].startswith("it is older than 9.1.2")


def test_datastores_own_reason_is_told():
    assert "must first be brought to 4.0" in reasons("3.2.12")["9.1.2"]


@pytest.mark.parametrize("datastore", ["couchbase", "nobody-knows-it"])
def test_datastore_without_a_driver_of_its_own_has_the_common_rules(datastore):
    assert reasons("8.1.8", datastore=datastore)["9.1.2"] == ""


def test_replication_set_has_a_driver_of_its_own_or_none():
    assert "another major version" in reasons("8.1.8", datastore="postgresql",
                                              replication=True)["9.1.2"]
    assert "There is no driver for replication sets of couchbase" in reasons(
        "8.1.8", datastore="couchbase", replication=True)["9.1.2"]
