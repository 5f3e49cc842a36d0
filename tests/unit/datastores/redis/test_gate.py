from trove_upgrade.datastores.redis import RedisDriver, gate, leading, topology

from tests.unit.datastores.redis.model import Cluster

DRIVER = RedisDriver({})


def read(cluster):
    return cluster.driver.read(cluster.members)


def test_a_healthy_cluster_lets_a_replica_go(cluster):
    assert DRIVER.blockers(read(cluster), {"m0003"}) == []


def test_a_member_that_leads_slots_may_not_go(cluster):
    assert DRIVER.blockers(read(cluster), {"m0000"}) == ["member-0 leads slots"]


def test_nobody_may_go_while_another_member_is_down(cluster):
    cluster.nodes["m0004"].up = False
    wrong = DRIVER.blockers(read(cluster), {"m0003"})
    assert any("member-4" in one for one in wrong)
    assert any("suspects node" in one for one in wrong)


def test_a_broken_member_itself_may_go(cluster):
    cluster.nodes["m0004"].up = False
    assert DRIVER.blockers(read(cluster), {"m0004"}) == []


def test_nobody_may_go_while_a_replica_lags(cluster):
    cluster.nodes["m0004"].offset -= topology.LAG_BYTES + 1
    assert "bytes behind" in DRIVER.blockers(read(cluster), {"m0003"})[0]


def test_nobody_may_go_while_the_members_disagree_on_roles(cluster):
    facts = read(cluster)
    facts["m0001"].native["view"]["node0003"]["leader"] = "node0001"
    assert "the members do not agree who leads which shard" in DRIVER.blockers(facts, {"m0003"})


def test_nobody_may_go_while_slots_move(cluster):
    facts = read(cluster)
    facts["m0001"].native["view"]["node0002"]["moving"] = True
    assert DRIVER.blockers(facts, {"m0003"}) == ["member-1 is moving slots"]


def test_a_majority_of_primaries_must_be_left():
    cluster = Cluster(3, 0)
    wrong = DRIVER.blockers(read(cluster), {"m0000", "m0001"})
    assert "no majority of the primaries would be left" in wrong


def test_the_candidate_runs_the_wanted_version_and_has_most_of_the_stream():
    cluster = Cluster(1, 3)
    cluster.nodes["m0002"].version = "9.1.2"
    cluster.nodes["m0003"].version, cluster.nodes["m0003"].offset = "9.1.2", 900
    assert leading.candidate(read(cluster), "m0000", "9.1.2").id == "m0002"
    assert leading.candidate(read(cluster), "m0000", "8.1.8").id == "m0001"
    cluster.nodes["m0001"].synced = False
    assert leading.candidate(read(cluster), "m0000", "8.1.8").id == "m0002"


def test_no_candidate_where_no_replica_has_caught_up(cluster):
    cluster.nodes["m0003"].synced = False
    assert leading.candidate(read(cluster), "m0000", "9.1.2") is None


def test_valkey_tells_its_own_version_before_the_one_for_old_clients():
    assert topology.version_of({"redis_version": "7.2.4", "valkey_version": "9.1.2"}) == "9.1.2"
    assert topology.version_of({"redis_version": "7.0.15"}) == "7.0.15"


def test_a_silent_member_keeps_the_role_and_shard_that_the_others_see(cluster):
    cluster.nodes["m0004"].up = False
    facts = read(cluster)["m0004"]
    assert (facts.answers, facts.role, facts.domain) == (False, "replica", "shard-2")


def test_the_rollback_path_closes_with_the_first_dump_of_the_new_version(cluster):
    node = cluster.nodes["m0003"]
    node.version, node.settings["save"] = "9.1.2", ""
    assert DRIVER.closed_rollback_path(read(cluster), "m0003", "8.1.8") == ""
    node.saves = 1
    assert "member-3" in DRIVER.closed_rollback_path(read(cluster), "m0003", "8.1.8")
    assert DRIVER.closed_rollback_path(read(cluster), "m0003", "9.1.0") == ""


def test_the_rollback_path_closes_when_a_new_primary_sent_a_full_sync(cluster):
    for one in ("m0000", "m0003"):
        cluster.nodes[one].version = "9.1.2"
        cluster.nodes[one].settings["save"] = ""
    cluster.fail_over("m0003")
    cluster.nodes["m0003"].syncs = 1
    assert DRIVER.closed_rollback_path(read(cluster), "m0000", "8.1.8")
    assert not DRIVER.closed_rollback_path(read(cluster), "m0003", "8.1.8")


def test_a_plain_append_only_file_keeps_the_rollback_path_open(cluster):
    node = cluster.nodes["m0003"]
    node.version = "9.1.2"
    node.settings.update({"appendonly": "yes", "aof-use-rdb-preamble": "no"})
    cluster.nodes["m0000"].version, cluster.nodes["m0000"].syncs = "9.1.2", 1
    assert DRIVER.closed_rollback_path(read(cluster), "m0003", "8.1.8") == ""
    node.settings["aof-use-rdb-preamble"] = "yes"
    assert DRIVER.closed_rollback_path(read(cluster), "m0003", "8.1.8")


def test_every_check_is_run_whatever_the_others_say(cluster):
    for node in cluster.nodes.values():
        node.up = False
    checks = DRIVER.checks(read(cluster), ())
    assert [check.name for check in checks] == [
        "native_access", "members_match", "members_healthy", "slots_covered", "replicas_ready",
        "may_lead", "writes_go_on", "primaries_majority", "persistence_on"]
    assert not checks[0].ok
    assert not checks[7].ok


def test_a_node_that_trove_does_not_know_is_named(cluster):
    members = [one for one in cluster.members if one.id != "m0005"]
    check = DRIVER.checks(cluster.driver.read(members), ())[1]
    assert not check.ok
    assert "10.0.0.6 is not a member" in check.message


# Shards without a replica
def test_the_only_copy_of_a_shard_may_go_by_itself():
    facts = read(Cluster(3, 0))
    assert DRIVER.blockers(facts, {"m0000"}) == []
    assert "no majority" in DRIVER.blockers(facts, {"m0000", "m0001"})[0]
    assert gate.one_per_shard(facts, ["m0000", "m0001", "m0002"]) == [
        ["m0000"], ["m0001"], ["m0002"]]


def test_a_primary_whose_replica_is_away_is_not_the_only_copy():
    cluster = Cluster(3, 1)
    cluster.nodes["m0003"].up = False
    assert gate.only_copies(read(cluster)) == set()
    assert "member-0 leads slots" in DRIVER.blockers(read(cluster), {"m0000", "m0003"})


def test_the_only_copy_is_told_and_can_not_go_back_on_its_dump():
    cluster = Cluster(3, 0)
    cluster.nodes["m0001"].version = "9.1.2"
    facts = read(cluster)
    assert "only copy" in DRIVER.closed_rollback_path(facts, "m0001", "8.1.8")
    cluster.nodes["m0001"].settings |= {"appendonly": "yes", "aof-use-rdb-preamble": "no"}
    assert DRIVER.closed_rollback_path(read(cluster), "m0001", "8.1.8") == ""
    notes = " ".join(DRIVER.texts(facts, True).notes)
    assert "member-0 is the only copy of shard-1: these slots are out of service" in notes


def test_a_silent_primary_hands_nothing_over(cluster):
    cluster.nodes["m0000"].up = False
    RedisDriver.switchover(cluster.driver, read(cluster), "m0000", "9.1.2")


def test_a_broken_only_copy_may_be_put_back_though_the_cluster_is_not_whole():
    cluster = Cluster(3, 0)
    cluster.nodes["m0001"].up = False
    facts = read(cluster)
    assert DRIVER.blockers(facts, {"m0001"}) == []
    assert "member-0 says cluster_state fail" in DRIVER.blockers(facts, ())


def persistence(cluster, *without, saved=()):
    """The check of a cluster whose members ``without`` keep nothing on disk."""
    for one in without:
        cluster.nodes[one].settings |= {"save": "", "appendonly": "no"}
    return next(one for one in DRIVER.checks(read(cluster), saved)
                if one.name == "persistence_on")


def test_save_points_off_on_some_members_are_the_trace_of_another_upgrade(cluster):
    found = persistence(cluster, "m0003", "m0004")
    assert not found.ok
    assert found.remedy.startswith("Another upgrade seems to be under way")
    assert "Give them save points" not in found.remedy
    assert persistence(cluster, saved=("m0003", "m0004")).ok     # this engine's own


def test_save_points_off_on_all_members_may_be_how_they_were(cluster):
    found = persistence(cluster, *cluster.nodes)
    assert not found.ok
    assert found.remedy.startswith("Give them save points")
    assert "another engine runs or has not finalised" in found.remedy
