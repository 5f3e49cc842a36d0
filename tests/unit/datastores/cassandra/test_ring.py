"""Every row of gossip is judged, and nodes are told apart by their host ids."""
import pytest
from trove_upgrade.datastores.cassandra import CassandraDriver, topology

from tests.unit.datastores.cassandra.model import Cluster

DRIVER = CassandraDriver({})


@pytest.fixture
def cluster():
    return Cluster()


def failing(cluster):
    return {one.name: one for one in cluster.driver.checks(cluster.read()) if not one.ok}


@pytest.mark.parametrize("status", [
    "BOOT,-9223372036854775808", "BOOT_REPLACE,10.0.0.2", "LEAVING,-42", "MOVING,17",
    "removing,id-9", "hibernate,true", "shutdown,true"])
def test_a_node_that_joins_leaves_or_moves_keeps_the_gate_shut(cluster, status):
    cluster.more_gossip = {"10.0.0.99": status}
    wrong = DRIVER.blockers(cluster.read(), {"m0000"})
    assert f"member-1 sees the node at 10.0.0.99 as {status.split(',')[0]}" in wrong
    assert set(failing(cluster)) == {"ring_settled"}


@pytest.mark.parametrize("status", ["LEFT,-42,1700000000000", "removed,id-9,1700000000000", None])
def test_a_node_that_has_left_does_not(cluster, status):
    cluster.more_gossip = {"10.0.0.99": status}
    assert DRIVER.blockers(cluster.read(), {"m0000"}) == []
    assert failing(cluster) == {}


def test_a_member_that_moves_is_told_once_and_may_go_itself(cluster):
    cluster.more_gossip = {"10.0.0.1": "MOVING,17"}
    assert "member-1 sees member-0 as MOVING" in DRIVER.blockers(cluster.read(), {"m0002"})
    assert DRIVER.blockers(cluster.read(), {"m0000"}) == []


@pytest.mark.parametrize("elsewhere", ["announced", "peer"])
def test_members_may_have_other_addresses_in_the_ring_than_trove_knows(cluster, elsewhere):
    setattr(cluster, elsewhere, lambda node: f"203.0.113.{node.number + 1}")
    assert failing(cluster) == {}
    cluster.announced = cluster.peer = lambda node: f"203.0.113.{node.number + 1}"
    cluster.nodes["m0002"].up = False
    facts = cluster.read()
    assert facts["m0002"].domain == "dc1/r3"
    assert facts["m0000"].server_id == facts["m0000"].native["node"] != ""
    assert DRIVER.blockers(facts, {"m0002"}) == []
    assert DRIVER.blockers(facts, {"m0000"})


def test_a_peer_that_is_half_recorded_breaks_no_reading(cluster):
    answers = cluster.answers()
    answers["m0000"]["peers"].append({
        "peer": "10.0.0.98", "host_id": None, "data_center": None, "rack": None,
        "release_version": None, "native_address": None, "schema_version": None})
    facts = topology.build(cluster.members, answers)
    assert DRIVER.blockers(facts, {"m0002"}) == []


@pytest.mark.parametrize(("settings", "short"), [
    ({"max_hint_window": "3h"}, None), ({"max_hint_window": "10m"}, 600),
    ({"max_hint_window": "500ms"}, 0), ({"max_hint_window_in_ms": "10800000"}, None),
    ({"max_hint_window_in_ms": "60000"}, 60), ({}, None),
    ({"hinted_handoff_disabled_datacenters": "[dc9]", "max_hint_window": "3h"}, None),
    ({"hinted_handoff_disabled_datacenters": "[dc9, dc1]", "max_hint_window": "3h"}, 0),
    ({"hinted_handoff_enabled": "false", "max_hint_window": "3h"}, 0)])
def test_hints_must_outlast_an_absence(cluster, settings, short):
    cluster.more_settings = settings
    assert set(failing(cluster)) == (set() if short is None else {"hints_last"})
    if short is not None:
        assert f"member-0 keeps hints for {short} s" in failing(cluster)["hints_last"].message


def test_hints_last_for_as_long_as_people_say_that_a_member_is_unavailable(cluster):
    cluster.more_settings = {"max_hint_window": "3h"}
    patient = CassandraDriver({"unavailable_sec": 4 * 3600})
    assert [one.message for one in patient.checks(cluster.read()) if one.name == "hints_last"][
        0].endswith("keeps hints for 10800 s (needed 14400).")


@pytest.mark.parametrize(("limit", "told"), [("0B", False), ("", False), ("512MiB", True)])
def test_hints_that_are_limited_in_size_are_told(cluster, limit, told):
    cluster.more_settings = {"max_hints_size_per_host": limit}
    notes = DRIVER.texts(cluster.read(), True).notes
    assert any("max_hints_size_per_host: 512MiB on member-0" in one for one in notes) == told


def test_no_remedy_tells_to_remove_what_was_not_understood(cluster):
    for one in cluster.driver.checks({}):
        assert not any(word in one.remedy for word in ("decommission", "assassinate", "Remove"))


def test_two_members_of_one_host_id_are_refused():
    """As the copy of a data directory bears it."""
    model = Cluster()
    answer = model.answers
    model.answers = lambda *asked: (told := answer(*asked)) | {"m0001": told["m0001"] | {
        "local": told["m0001"]["local"] | {"host_id": told["m0002"]["local"]["host_id"]}}}
    refused = {one.name: one.message for one in DRIVER.checks(model.read()) if not one.ok}
    assert "bear the same server id" in refused["members_match"]
