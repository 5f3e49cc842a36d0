"""Gate, checks, order and rollback path of Cassandra: each named after what it sees."""
import pytest
from trove_upgrade.datastores.base import DatastoreError
from trove_upgrade.datastores.cassandra import CassandraDriver, topology

from tests.unit.datastores.cassandra.model import NETWORK, SIMPLE, Cluster

DRIVER = CassandraDriver({})

TWO_EACH = {"dc1": {"r1": 2, "r2": 2, "r3": 2}}


@pytest.fixture
def cluster():
    return Cluster()


def failing(cluster):
    return {check.name for check in cluster.driver.checks(cluster.read()) if not check.ok}


def names(cluster, waves):
    return [[str(cluster.nodes[one].number) for one in wave] for wave in waves]


def test_a_healthy_cluster_lets_any_one_member_go(cluster):
    assert [DRIVER.blockers(cluster.read(), {one}) for one in cluster.nodes] == [[], [], []]
    assert failing(cluster) == set()


def test_a_member_that_one_other_holds_for_down_keeps_the_gate_closed(cluster):
    cluster.nodes["m0001"].deaf_to = {2}
    assert DRIVER.blockers(cluster.read(), {"m0000"}) == ["member-1 has no link to member-2"]
    assert failing(cluster) == {"seen_by_all"}


def test_links_to_the_member_that_goes_are_not_asked_for(cluster):
    cluster.nodes["m0001"].deaf_to = {2}
    assert DRIVER.blockers(cluster.read(), {"m0002"}) == []


def test_nobody_may_go_while_another_is_down(cluster):
    cluster.nodes["m0002"].up = False
    wrong = DRIVER.blockers(cluster.read(), {"m0000"})
    assert "member-2: no answer" in wrong
    assert "member-1 has no link to member-2" in wrong


def test_a_broken_member_itself_may_go(cluster):
    cluster.nodes["m0002"].up = False
    assert DRIVER.blockers(cluster.read(), {"m0002"}) == []


def test_a_silent_member_is_placed_by_what_the_others_recorded(cluster):
    cluster.nodes["m0002"].up = False
    assert cluster.read()["m0002"].domain == "dc1/r3"


def test_schemas_that_differ_within_a_release_keep_the_gate_closed(cluster):
    cluster.nodes["m0001"].schema = "other"
    assert DRIVER.blockers(cluster.read(), {"m0000"}) == [
        "member-2 has another schema than the others of 4.1"]
    assert failing(cluster) == {"schema_agreed"}


def test_schemas_that_differ_between_releases_do_not(cluster):
    cluster.nodes["m0001"].version = "5.0.4"
    assert DRIVER.blockers(cluster.read(), {"m0000"}) == []


@pytest.mark.parametrize("kind", ["validation", "anticompaction after repair", "upgrade sstables"])
def test_repair_and_rewriting_keep_the_gate_closed(cluster, kind):
    cluster.nodes["m0001"].tasks = ["compaction", kind]
    assert DRIVER.blockers(cluster.read(), {"m0000"}) == [f"member-1 is at work: {kind}"]
    assert failing(cluster) == {"nothing_streams"}


def test_plain_compaction_does_not(cluster):
    cluster.nodes["m0001"].tasks = ["compaction"]
    assert DRIVER.blockers(cluster.read(), {"m0000"}) == []


def test_a_stream_under_way_keeps_the_gate_closed_and_an_ended_one_does_not(cluster):
    cluster.nodes["m0001"].streams = ["success", "failure"]
    assert DRIVER.blockers(cluster.read(), {"m0000"}) == []
    cluster.nodes["m0001"].streams = ["start"]
    assert DRIVER.blockers(cluster.read(), {"m0000"}) == [
        "member-1 is at work: streaming (Rebuild)"]


def test_a_repair_that_is_not_completed_is_seen():
    rows = [{"keyspace_name": "shop", "completed": done} for done in (True, False)]
    assert topology._busy({"repairs": rows}) == ("repair of shop",)


def test_a_member_that_still_joins_is_not_healthy(cluster):
    cluster.nodes["m0001"].bootstrapped = "IN_PROGRESS"
    assert not cluster.read()["m0001"].healthy
    assert failing(cluster) == {"members_healthy"}


def test_a_full_disk_is_told_and_an_unknown_volume_too(cluster):
    cluster.nodes["m0001"].used_mib = 513
    assert failing(cluster) == {"disk_headroom"}
    found = CassandraDriver({}).checks(cluster.read())[-1]
    assert not found.ok
    assert "volume_gib" in found.remedy


@pytest.mark.parametrize("copies", ["1", "2"])
def test_too_few_copies_are_refused(copies):
    cluster = Cluster(keyspaces={"shop": {"class": NETWORK, "dc1": copies}})
    assert failing(cluster) == {"replication_covers"}


def test_a_node_that_trove_does_not_know_is_refused(cluster):
    known = [member for member in cluster.members if member.id != "m0002"]
    found = {check.name: check for check in cluster.driver.checks(cluster.driver.read(known))}
    assert found["members_match"].message == "10.0.0.3 is not a member by Trove."


def test_seeds_go_first_then_rack_by_rack():
    cluster = Cluster(TWO_EACH)
    waves = cluster.driver.waves(cluster.read(), cluster.nodes, together=False)
    assert names(cluster, waves) == [["0"], ["2"], ["4"], ["1"], ["3"], ["5"]]


def test_a_broken_member_goes_before_the_seeds():
    cluster = Cluster(TWO_EACH)
    cluster.nodes["m0003"].up = False
    waves = cluster.driver.waves(cluster.read(), cluster.nodes, together=True)
    assert names(cluster, waves)[0] == ["3"]


def test_a_whole_rack_goes_where_three_racks_hold_three_copies():
    cluster = Cluster(TWO_EACH)
    facts = cluster.read()
    waves = cluster.driver.waves(facts, cluster.nodes, together=True)
    assert names(cluster, waves) == [["0", "1"], ["2", "3"], ["4", "5"]]
    assert DRIVER.blockers(facts, waves[0]) == []
    assert "one whole rack" in cluster.driver.texts(facts, True).notes[-1]


@pytest.mark.parametrize(("shape", "replication"), [
    (TWO_EACH, {"class": SIMPLE, "replication_factor": "3"}),
    ({"dc1": {"r1": 2, "r2": 2}}, {"class": NETWORK, "dc1": "3"}),
    ({"dc1": {"r1": 4}}, {"class": NETWORK, "dc1": "3"})])
def test_no_rack_goes_as_a_whole_where_replication_does_not_cover_it(shape, replication):
    cluster = Cluster(shape, {"shop": replication})
    facts = cluster.read()
    waves = cluster.driver.waves(facts, cluster.nodes, together=True)
    assert {len(wave) for wave in waves} == {1}
    note = cluster.driver.texts(facts, True).notes[-1]
    assert "one member at a time" in note
    assert "keyspace shop" in note
    assert DRIVER.blockers(facts, {"m0000", "m0001"}) != []


def test_members_of_two_racks_may_not_be_away_together():
    cluster = Cluster(TWO_EACH)
    assert DRIVER.blockers(cluster.read(), {"m0000", "m0002"}) != []


def test_cassandras_own_traces_do_not_count():
    keyspaces = {"system_traces": {"class": SIMPLE, "replication_factor": "2"},
                 "system_auth": {"class": SIMPLE, "replication_factor": "1"},
                 "shop": {"class": NETWORK, "dc1": "3"}}
    cluster = Cluster(TWO_EACH, keyspaces)
    assert failing(cluster) == set()


@pytest.mark.parametrize(("version", "mode", "origin", "closed"), [
    ("5.0.4", "CASSANDRA_4", "4.1.9", False), ("5.0.4", "UPGRADING", "4.1.9", True),
    ("5.0.4", "NONE", "4.1.9", True), ("4.1.9", "", "4.0.17", False),
    ("4.1.9", "", "3.11.17", True), ("5.0.4", "NONE", "5.0.3", False)])
def test_the_rollback_path_is_judged_by_the_format_of_the_files(cluster, version, mode, origin,
                                                                closed):
    cluster.nodes["m0000"].version, cluster.nodes["m0000"].mode = version, mode
    found = cluster.driver.closed_rollback_path(cluster.read(), "m0000", origin)
    assert bool(found) is closed


def test_a_member_that_does_not_run_may_try_its_old_version(cluster):
    cluster.nodes["m0000"].up = False
    assert cluster.driver.closed_rollback_path(cluster.read(), "m0000", "3.11.17") == ""


def test_finalising_waits_until_people_have_left_the_compatible_mode(cluster):
    node = cluster.nodes["m0000"]
    node.version = "5.0.4"
    saved = {"release_version": "4.1.9"}
    with pytest.raises(DatastoreError, match="storage_compatibility_mode CASSANDRA_4"):
        cluster.driver.finalize(cluster.members[0], saved)
    node.mode, node.tasks = "NONE", ["upgrade sstables"]
    with pytest.raises(DatastoreError, match="rewriting"):
        cluster.driver.finalize(cluster.members[0], saved)
    node.tasks = []
    cluster.driver.finalize(cluster.members[0], saved)


def test_before_4_0_the_plan_says_what_it_can_not_see():
    cluster = Cluster(version="3.11.17")
    facts = cluster.read()
    assert DRIVER.blockers(facts, {"m0000"}) == []
    assert failing(cluster) == {"disk_headroom"}
    assert any("no virtual tables" in note for note in cluster.driver.texts(facts, True).notes)


@pytest.mark.parametrize("setting", [
    {"seed_provider": "SimpleSeedProvider{seeds=10.0.0.1:7000, 10.0.0.2}"},
    {"seed_provider.parameters": "{seeds=10.0.0.1,10.0.0.2:7000}"}])
def test_seeds_are_found_in_either_spelling(setting):
    assert topology._seeds(setting) == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize(("rows", "told"), [
    ({"commitlog_sync": "periodic", "commitlog_sync_period": "10000ms"}, "only after 10000ms"),
    ({"commitlog_sync": "periodic", "commitlog_sync_period_in_ms": "10000"}, "only after 10000ms"),
    ({"commitlog_sync": "batch", "commitlog_sync_period": "10000ms"}, ""),
    ({"commitlog_sync": "group"}, ""), ({}, ""),
    ({"commit_failure_policy": "ignore"}, "commit_failure_policy = ignore on member-0"),
    ({"disk_failure_policy": "best_effort"}, "disk_failure_policy = best_effort on member-0"),
    ({"commit_failure_policy": "stop", "disk_failure_policy": "die"}, "")])
def test_the_plan_tells_what_crashes_and_failing_disks_may_cost(rows, told):
    """As system_views.settings has it in 4.0 and, with units, since 4.1."""
    model = Cluster({"dc1": {"r1": 3}})
    usual = DRIVER.texts(model.read(), True).notes
    model.more_settings = rows
    more = [note for note in DRIVER.texts(model.read(), True).notes if note not in usual]
    assert told in " ".join(more)
    assert bool(more) is bool(told)
