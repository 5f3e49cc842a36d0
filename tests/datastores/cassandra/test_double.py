"""The lab's Cassandra speaks to the stock client as a real one does, and refuses what it would."""
import threading

import pytest
from cassandra import ConsistencyLevel, Unavailable
from trove_upgrade.datastores.base import Member
from trove_upgrade.datastores.cassandra import CassandraDriver
from trove_upgrade.datastores.cassandra.client import Cluster, NoHostAvailable, Servers

from tests.datastores.cassandra.nodes import NEW, OLD, Nodes
from tests.waits import until

pytestmark = pytest.mark.lab_double
INSERT = "INSERT INTO shop.pairs (key, value) VALUES (?, ?)"
SELECT = "SELECT value FROM shop.pairs WHERE key = ?"


@pytest.fixture
def nodes(tmp_path):
    with Nodes(tmp_path) as made:
        yield made


def quorum(session, text, level=ConsistencyLevel.QUORUM):
    statement = session.prepare(text)
    statement.consistency_level = level
    statement.is_idempotent = True
    return statement


def test_stock_client_negotiates_finds_all_hosts_and_reads_what_it_wrote(nodes):
    with nodes.client() as cluster:
        session = cluster.connect()
        assert cluster.protocol_version == 4
        assert {host.address for host in cluster.metadata.all_hosts()} == set(nodes.addresses)
        assert {host.release_version for host in cluster.metadata.all_hosts()} == {OLD}
        assert "shop" in cluster.metadata.keyspaces
        session.execute(quorum(session, INSERT), ("k", "v"))
        assert session.execute(quorum(session, SELECT), ("k",)).one().value == "v"
        assert session.execute(quorum(session, SELECT), ("other",)).one() is None


def test_acknowledged_writes_outlive_each_member_in_turn(nodes):
    with nodes.client() as cluster:
        session = cluster.connect()
        write, read = quorum(session, INSERT), quorum(session, SELECT)
        for number in range(3):
            nodes.kill(number)
            nodes.until_down(number, by=(number + 1) % 3)
            nodes.until_down(number, by=(number + 2) % 3)
            for key in range(20):
                session.execute(write, (f"{number}-{key}", "v"))
            nodes.start(number)
            nodes.until_whole()
            until(lambda: all(host.is_up for host in cluster.metadata.all_hosts()),
                        "the client is told that it is back")
        found = [session.execute(read, (f"{number}-{key}",)).one()
                 for number in range(3) for key in range(20)]
        assert [row.value for row in found] == ["v"] * 60


def test_a_member_that_was_away_gets_what_it_missed(nodes):
    with nodes.client() as cluster:
        session = cluster.connect()
        nodes.stop(2)
        nodes.until_down(2, by=0)
        session.execute(quorum(session, INSERT, ConsistencyLevel.ONE), ("k", "late"))
        nodes.start(2)
        nodes.until_whole()
        until(lambda: "late" in nodes.logged(2), "its hints came")


def test_without_a_quorum_it_says_unavailable(nodes):
    with nodes.client() as cluster:
        session = cluster.connect()
        write = quorum(session, INSERT)
        for number in (1, 2):
            nodes.kill(number)
            nodes.until_down(number, by=0)
        with pytest.raises(Exception) as caught:
            session.execute(write, ("k", "v"))
        causes = getattr(caught.value, "errors", {0: caught.value}).values()
        assert any(isinstance(cause, Unavailable) for cause in causes)


def test_a_clean_stop_drains_and_a_kill_leaves_the_commit_log(nodes):
    with nodes.client() as cluster:
        session = cluster.connect()
        session.execute(quorum(session, INSERT, ConsistencyLevel.ALL), ("k", "v"))
    assert nodes.stop(1) == 0
    nodes.kill(2)
    assert nodes.files(1) == ["pairs-000001-nb-big-Data.db", "system-000001-nb-big-Data.db"]
    assert "CommitLog-nb.log" in nodes.files(2)


def test_the_compatible_mode_goes_back_and_the_new_format_does_not(nodes):
    nodes.stop(0)
    nodes.start(0, NEW)
    nodes.until_whole()
    nodes.stop(0)
    nodes.start(0, OLD)
    nodes.until_whole()
    nodes.stop(0)
    nodes.configure(0, mode="NONE")
    nodes.start(0, NEW)
    nodes.until_whole()
    nodes.stop(0)
    nodes.start(0, OLD)
    code, words = nodes.ended(0)
    assert code == 1
    assert "can't read pairs-000004-oa-big-Data.db: format oa" in words


def test_a_skipped_major_does_not_start(tmp_path):
    with Nodes(tmp_path, "3.11.17") as nodes:
        nodes.stop(0)
        nodes.start(0, NEW)
        code, words = nodes.ended(0)
    assert code == 1
    assert "format me is not one of nb, oa" in words


def test_driver_sees_each_member_by_all_the_others(nodes, tmp_path):
    driver = CassandraDriver(nodes.access(tmp_path))
    facts = driver.read(nodes.members)
    assert [check.name for check in driver.checks(facts) if not check.ok] == []
    assert driver.blockers(facts, ()) == []
    assert [one.domain for one in facts.values()] == ["dc1/rack1", "dc1/rack2", "dc1/rack3"]
    nodes.kill(2)
    nodes.until_down(2, by=0)
    nodes.until_down(2, by=1)
    wrong = driver.blockers(driver.read(nodes.members), {"m0"})
    assert "member-1 has no link to member-2" in wrong


def test_driver_sees_streams_and_repairs(nodes, tmp_path):
    driver = CassandraDriver(nodes.access(tmp_path))
    nodes.run_task(1, "streaming")
    assert driver.blockers(driver.read(nodes.members), {"m0"}) == [
        "member-1 is at work: streaming (Rebuild)"]
    nodes.run_task(1, "validation")
    assert driver.blockers(driver.read(nodes.members), {"m0"}) == [
        "member-1 is at work: validation"]
    nodes.run_task(1, "")
    assert driver.blockers(driver.read(nodes.members), {"m0"}) == []


def test_driver_reads_a_version_without_virtual_tables(tmp_path):
    with Nodes(tmp_path, "3.11.17") as nodes:
        facts = CassandraDriver(nodes.access(tmp_path)).read(nodes.members)
    assert {one.version for one in facts.values()} == {"3.11.17"}
    assert {one.native["used_mib"] for one in facts.values()} == {None}


def test_a_new_start_is_told_from_the_old_one(nodes, tmp_path):
    driver = CassandraDriver(nodes.access(tmp_path))
    before = driver.read(nodes.members)["m1"].identity
    nodes.stop(1)
    nodes.start(1)
    nodes.until_whole()
    assert driver.read(nodes.members)["m1"].identity != before


def test_a_wrong_password_is_told_and_never_shown(nodes, tmp_path):
    access = nodes.access(tmp_path)
    (tmp_path / "secret").write_text("wrong-secret")
    driver = CassandraDriver(access)
    fact = driver.read(nodes.members)["m0"]
    assert fact.native["code"] == "access_refused"
    assert "refuses the credentials" in fact.problems[0]
    assert "wrong-secret" not in repr(fact) + repr(driver) + repr(vars(driver))


@pytest.mark.parametrize("errors", [{}, [], ["127.0.0.1"], {"127.0.0.1": OSError("gone")}])
def test_a_member_lost_while_it_is_asked_is_silent_whatever_the_client_tells(monkeypatch, errors):
    def lost(cluster, *_):
        raise NoHostAvailable("Unable to connect to any servers", errors)
    monkeypatch.setattr(Cluster, "connect", lost)
    answer = Servers({}).ask(Member("m0", "member-0", "127.0.0.1"))
    assert answer["code"] == "no_answer"


def test_reading_leaves_no_thread_and_no_connection(nodes, tmp_path):
    servers = Servers(nodes.access(tmp_path))
    servers.ask_all(nodes.members)              # the client's one event loop thread stays
    before = threading.active_count()
    for _ in range(3):
        servers.ask_all(nodes.members)
    until(lambda: threading.active_count() <= before, "threads end")
