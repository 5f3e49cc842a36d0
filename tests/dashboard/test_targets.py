"""Which versions the form offers, and why not the others."""
from types import SimpleNamespace

import pytest

from tests.dashboard import pages

pages.set_up()

from trove_upgrade.interfaces.dashboard.subject import _origins  # noqa: E402
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


def test_versions_of_one_name_are_told_apart_by_their_numbers():
    offered = [{**version(one), "name": "lts"} for one in ("8.1.8", "9.1.2", "8.1.7")]
    found = targets("redis", [offered[0]], offered)
    assert {one.name: one.why_not for one in found} == {
        "lts (9.1.2)": "", "lts (8.1.8)": "every member is on it already",
        "lts (8.1.7)": "it is older than lts (8.1.8); to go back, use Roll Back of the upgrade"}


def test_trove_is_asked_which_of_one_name_a_member_is_on():
    """Its list of instances does not tell that."""
    offered = [{**version(one), "name": "lts"} for one in ("8.1.8", "9.1.2")]
    listed = [SimpleNamespace(id=one, datastore={"version": "lts"}) for one in ("a", "b", "c")]
    page = type("Page", (list,), {"next": None})(listed)
    asked = SimpleNamespace(datastore={"version": "lts", "version_number": "8.1.8"})
    trove = SimpleNamespace(instances=SimpleNamespace(list=lambda **_: page,
                                                      get=lambda _: asked))
    assert _origins(trove, frozenset("ab"), offered) == offered[:1]
    assert _origins(trove, frozenset("ab"), offered[:1]) == offered[:1]
    assert _origins(trove, frozenset("ab"), []) == [{"id": "lts", "name": "lts", "number": "lts"}]


@pytest.mark.parametrize("datastore", ["couchbase", "nobody-knows-it"])
def test_datastore_without_a_driver_of_its_own_has_the_common_rules(datastore):
    assert reasons("8.1.8", datastore=datastore)["9.1.2"] == ""


def test_replication_set_has_a_driver_of_its_own_or_none():
    assert "another major version" in reasons("8.1.8", datastore="postgresql",
                                              replication=True)["9.1.2"]
    assert "There is no driver for replication sets of couchbase" in reasons(
        "8.1.8", datastore="couchbase", replication=True)["9.1.2"]
