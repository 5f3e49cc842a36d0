"""Delays, priorities, arbiters and write concerns, by the documents of MongoDB's commands."""
import datetime

import pytest
from trove_upgrade.datastores.mongodb import MongoDriver, config, gate, topology

from tests.unit.datastores.mongodb.model import NOW, Cluster, plan_of, refused

DRIVER = MongoDriver({})
DELAYED = {"priority": 0, "hidden": True, "votes": 0, "secondaryDelaySecs": 3600}


@pytest.fixture
def cluster():
    return Cluster()


def facts_of(cluster):
    return cluster.driver.read(cluster.members)


def secondaries(cluster):
    return [node for node in cluster.of("rs1") if not node.leads]


def message(cluster, name):
    return next(one.message for one in DRIVER.checks(facts_of(cluster)) if one.name == name)


@pytest.mark.parametrize(("row", "words"), [
    ({"priority": 0}, ["priority 0"]), ({"priority": 0, "hidden": True}, ["priority 0", "hidden"]),
    ({"priority": 0, "votes": 0}, ["priority 0", "votes 0"]),
    ({"priority": 0, "slaveDelay": 60}, ["priority 0", "secondaryDelaySecs 60"]),
    ({"priority": 0, "arbiterOnly": True}, ["arbiterOnly", "priority 0"]),
    ({"priority": 0.5, "votes": 1}, []), ({}, [])])
def test_who_is_never_elected_is_told_in_the_words_of_the_configuration(row, words):
    assert config.never_leads(row) == words


def test_a_set_in_which_nobody_else_may_lead_is_refused_with_each_reason(cluster):
    first, second = secondaries(cluster)
    first.row = {"priority": 0}
    assert refused(plan_of(cluster)) == set()
    second.row = DELAYED
    leader = cluster.leader("rs1").id
    assert gate.candidates(facts_of(cluster), leader) == []
    told = message(cluster, "secondaries_ready")
    assert f"member-{first.number:02}: priority 0" in told
    assert "secondaryDelaySecs 3600" in told


def test_a_delayed_member_is_not_waited_for_and_holds_up_nobody():
    cluster = Cluster(size=4)
    delayed = secondaries(cluster)[0]
    delayed.row, delayed.behind_sec = DELAYED, 3600
    for node in cluster.nodes.values():
        node.oplog = {"first": 0, "last": 9000, "size": 1000, "max_size": 1000}
    assert plan_of(cluster)["ready"]
    facts = facts_of(cluster)
    assert DRIVER.blockers(facts, [delayed.id]) == []
    assert DRIVER.blockers(facts, [secondaries(cluster)[1].id]) == []


def test_the_oplog_must_outlast_a_delay_and_an_absence():
    cluster = Cluster(size=4)
    secondaries(cluster)[0].row = DELAYED
    cluster.leader("rs1").oplog = {"first": 0, "last": 5400, "size": 1000, "max_size": 1000}
    assert refused(plan_of(cluster)) == {"oplog_window"}
    assert "5400 s of writes (needed 7200)" in message(cluster, "oplog_window")


# Arbiters
def with_arbiter(cluster, up=True):
    """The last of rs1 only votes, and Trove does not know it; ids of the others of the set."""
    arbiter = secondaries(cluster)[-1]
    arbiter.row, arbiter.state, arbiter.up = {"arbiterOnly": True, "priority": 0}, 7, up
    return arbiter


def without(cluster, node):
    return [one for one in cluster.members if one.id != node.id]


def test_an_arbiter_that_trove_does_not_know_is_no_stranger_and_is_told():
    cluster = Cluster(size=4)
    arbiter = with_arbiter(cluster)
    facts = cluster.driver.read(without(cluster, arbiter))
    assert [one.name for one in DRIVER.checks(facts) if not one.ok] == []
    assert DRIVER.blockers(facts, [secondaries(cluster)[0].id]) == []
    notes = " ".join(DRIVER.texts(facts, True).notes)
    assert f"not upgraded by this run: {config.address(arbiter.host)}." in notes


def test_an_arbiter_that_is_down_counts_by_its_vote_only():
    cluster = Cluster(size=5)
    arbiter = with_arbiter(cluster, up=False)
    facts = cluster.driver.read(without(cluster, arbiter))
    first, second, *_ = secondaries(cluster)
    assert DRIVER.blockers(facts, [first.id]) == []
    assert "no majority of rs1 would be left" in DRIVER.blockers(facts, [first.id, second.id])


def test_an_arbiter_that_lets_nobody_log_in_is_known_by_its_hello():
    cluster = Cluster(size=4)
    arbiter = with_arbiter(cluster)
    answers = cluster.answers()
    answers[arbiter.id] = {"version": "6.0.19", "hello": {
        "setName": "rs1", "arbiterOnly": True, "me": arbiter.host,
        "topologyVersion": {"processId": "p1"}}}
    facts = topology.build(cluster.members, answers)
    assert (facts[arbiter.id].healthy, facts[arbiter.id].domain) == (True, "rs1")
    assert [one.name for one in DRIVER.checks(facts) if not one.ok] == []
    assert DRIVER.blockers(facts, [arbiter.id]) == []


def test_an_arbiter_that_does_not_answer_keeps_no_gate_shut():
    cluster = Cluster(size=4)
    arbiter = with_arbiter(cluster)
    answers = cluster.answers() | {
        arbiter.id: {"error": "member-01 refuses: Authentication.", "code": "access_refused"}}
    facts = topology.build(cluster.members, answers)
    assert DRIVER.blockers(facts, [secondaries(cluster)[0].id]) == []


# Write concerns
@pytest.mark.parametrize(("concern", "lacks"), [
    ({}, ""), ({"w": 1}, ""), ({"w": 2}, ""), ({"w": "majority", "wtimeout": 0}, ""),
    ({"w": 3, "wtimeout": 0}, "3 members and would have 2"),
    ({"w": "bothRooms"}, "2 values of the tag room and would have 1")])
def test_a_default_write_concern_that_waits_for_all_is_refused(cluster, concern, lacks):
    cluster.write_concern = concern
    cluster.set_settings = {"getLastErrorModes": {"bothRooms": {"room": 2}}}
    for place, node in enumerate(cluster.of("rs1")):
        node.row = {"tags": {"room": "a" if place else "b"}}
    assert refused(plan_of(cluster)) == ({"writes_go_on"} if lacks else set())
    assert lacks in message(cluster, "writes_go_on")
    facts = facts_of(cluster)
    assert DRIVER.blockers(facts, ()) == []
    gone = cluster.of("rs1")[0]
    gone.leads, cluster.of("rs1")[1].leads = False, True
    assert lacks in " ".join(DRIVER.blockers(facts_of(cluster), [gone.id]))


def test_a_sets_own_default_counts_where_the_cluster_has_none(cluster):
    cluster.set_settings = {"getLastErrorDefaults": {"w": 3, "wtimeout": 0}}
    assert refused(plan_of(cluster)) == {"writes_go_on"}


def test_a_majority_that_an_arbiter_or_a_delayed_member_can_not_acknowledge(cluster):
    cluster.write_concern = {"w": "majority"}
    with_arbiter(cluster)
    assert "2 voting members and would have 1" in message(cluster, "writes_go_on")


def test_a_majority_that_is_acknowledged_before_it_is_on_disk_is_told(cluster):
    cluster.journal_default = False
    assert "writeConcernMajorityJournalDefault" in " ".join(
        DRIVER.texts(facts_of(cluster), True).notes)


# Who is who
def test_sets_may_name_their_members_by_host_names():
    cluster = Cluster(shards=1)
    cluster.named = True
    assert plan_of(cluster)["ready"], refused(plan_of(cluster))
    first, second = secondaries(cluster)
    assert DRIVER.blockers(facts_of(cluster), [first.id]) == []
    first.up = False
    facts = facts_of(cluster)
    assert facts[first.id].domain == "rs1"
    assert DRIVER.blockers(facts, [first.id]) == []
    assert DRIVER.blockers(facts, [second.id])


def test_a_member_that_came_back_with_an_older_last_write_lacks_data(cluster):
    node = secondaries(cluster)[0]
    before = facts_of(cluster)[node.id].holds
    assert before == {"position": int(NOW.timestamp())}
    node.behind_sec = 5
    assert "position" in DRIVER.missing_data(facts_of(cluster), node.id, before)
    assert DRIVER.missing_data(facts_of(cluster), node.id, {
        "position": int((NOW - datetime.timedelta(seconds=5)).timestamp())}) == ""


def test_no_remedy_tells_to_remove_what_was_not_understood(cluster):
    for one in DRIVER.checks({}):
        assert not any(word in one.remedy for word in ("rs.remove", "Remove", "Stop "))
