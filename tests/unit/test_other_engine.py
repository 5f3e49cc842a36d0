"""Another upgrade of the same cluster, by an engine whose executions are not seen from here: the
plan calls it by its name and says nothing that would be wrong while it is under way."""
import dataclasses

import pytest
from trove_upgrade.datastores.mysql_replication import MySQLReplicationDriver
from trove_upgrade.datastores.postgresql_replication import PostgreSQLReplicationDriver

from tests.unit.conftest import plan_of, snapshot
from tests.unit.datastores.mongodb import model as mongodb
from tests.unit.datastores.mysql_replication import test_gate as mysql
from tests.unit.datastores.postgresql_replication import test_gate as postgresql

WORDS = "Another upgrade seems to be under way"


def remedies(plan):
    return {check["name"]: check["remedy"] for check in plan["checks"] if not check["ok"]}


def with_status(status):
    def made(*given):
        now = snapshot(*given)
        first = dataclasses.replace(now.members[0], status=status)
        return dataclasses.replace(now, members=[first, *now.members[1:]])
    return made


@pytest.mark.parametrize("status", ["UPGRADE", "PROMOTE"])
def test_a_member_that_trove_upgrades_or_promotes_is_somebody_elses_work(cluster, status):
    cluster.nodes["m0000"].up = False
    found = remedies(plan_of(cluster, snapshot_of=with_status(status)))
    assert {"members_active", "native_access", "members_healthy"} <= set(found)
    for name in ("members_active", "native_access", "members_healthy"):
        assert found[name].startswith(f"{WORDS} (by Trove member-0 is {status})"), name


def test_a_member_that_trove_restarts_or_a_known_owner_is_no_trace_of_another(cluster):
    assert WORDS not in remedies(
        plan_of(cluster, snapshot_of=with_status("REBOOT")))["members_active"]
    known = plan_of(cluster, snapshot_of=lambda *given: dataclasses.replace(
        with_status("UPGRADE")(*given), lock_owner="exec-7"))
    assert not any(WORDS in one for one in remedies(known).values())


def test_save_points_are_never_asked_for_where_another_engine_took_them(cluster):
    cluster.nodes["m0003"].settings |= {"save": "", "appendonly": "no"}
    cluster.nodes["m0004"].offset = -10_000_000
    found = remedies(plan_of(cluster))
    assert found["persistence_on"].startswith(WORDS)
    assert found["members_healthy"].startswith(f"{WORDS} (member-3 has neither save points")
    assert "Give them save points" not in " ".join(found.values())


def test_troves_own_task_is_called_an_upgrade(cluster):
    found = remedies(plan_of(
        cluster, snapshot_of=lambda *given: snapshot(*given, task="UPGRADING_CLUSTER")))
    assert found["cluster_idle"].startswith(WORDS)


def test_a_source_that_takes_no_writes_has_its_role_moved_by_somebody():
    fenced = postgresql.facts(m0={"fenced": True})
    assert PostgreSQLReplicationDriver({}).traces(fenced) == [
        "orders-0 is the source and takes no writes"]
    assert PostgreSQLReplicationDriver({}).traces(postgresql.facts()) == []
    for dialect in (mysql.mysql, mysql.mariadb):
        driver = MySQLReplicationDriver({})
        answers = {one.id: dialect(number) for number, one in enumerate(mysql.MEMBERS)}
        driver.dialect = mysql.MySQL() if dialect is mysql.mysql else mysql.MariaDB()
        build = mysql.topology.build
        assert driver.traces(build(driver.dialect, mysql.MEMBERS, answers)) == []
        answers["m0"] = dialect(0, {"read_only": 1})
        assert driver.traces(build(driver.dialect, mysql.MEMBERS, answers)) == [
            "orders-0 is the source and takes no writes"]


def test_a_resting_balancer_is_a_trace_where_members_run_two_releases():
    cluster = mongodb.Cluster()
    facts = cluster.driver.read(cluster.members)
    assert cluster.driver.traces(facts) == []        # people may have it rest
    cluster.of("rs1")[1].version = mongodb.NEW
    facts = cluster.driver.read(cluster.members)
    assert cluster.driver.traces(facts) == [
        f"the balancer is off, and the members run {mongodb.OLD}, {mongodb.NEW}"]
    cluster.balancer = {"mode": "full", "inBalancerRound": False}
    assert cluster.driver.traces(cluster.driver.read(cluster.members)) == []


def test_the_plan_tells_of_members_that_somebody_has_upgraded(cluster):
    assert not any("already" in note for note in plan_of(cluster)["notes"])
    cluster.nodes["m0003"].version = cluster.trove["m0003"] = "9.1.2"
    assert plan_of(cluster)["notes"][0].startswith("member-3: on the target already. If an upgrade")
