"""MariaDB replication sets: real servers, promoted by real Trove, asked by the driver."""
import pytest
from trove_upgrade.lab.kinds import mariadb
from trove_upgrade.lab.kinds.mysql_replication import native

from tests.datastores import sets

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def shop():
    sets.require(mariadb.ARCHIVE)
    with sets.running("mariadb_replication") as one:
        yield one


def ask(shop, member, statement):
    address = next(each.address for each in shop.members if each.id == member.id)
    return native.ask(address, shop.lab.settings, statement)


def test_a_healthy_set_is_read_as_it_is(shop):
    facts = shop.read()
    assert sorted((one.name, one.role) for one in facts.values()) == [
        ("shop", "primary"), ("shop-replica-1", "replica"), ("shop-replica-2", "replica")]
    assert {one.version for one in facts.values()} == {shop.lab.settings.old}
    assert shop.refused() == {}
    assert shop.driver.obstacles(facts, [shop.replica().id]) == []
    assert shop.driver.obstacles(facts, [shop.source().id]) != []
    assert {one.identity for one in facts.values()} == {one.identity for one in
                                                        shop.read().values()}


@pytest.mark.parametrize(("broken", "healed", "words"), [
    ("stop slave sql_thread", "start slave", "applying thread"),
    ("stop slave io_thread", "start slave", "receiving thread"),
    ("set global read_only = 0", "set global read_only = 1", "takes writes")])
def test_a_replica_that_is_not_as_it_should_be_closes_the_gate(shop, broken, healed, words):
    replica, source = shop.replica(), shop.source()
    ask(shop, replica, broken)
    try:
        assert any(words in one for one in shop.driver.obstacles(shop.read(), ()))
        assert shop.driver.heir(shop.read(), source.id, "") not in ("", replica.id)
    finally:
        ask(shop, replica, healed)
    shop.settle()


def test_a_write_on_a_replica_is_found_and_it_is_no_heir(shop):
    replica, source = shop.replica(), shop.source()
    position = ask(shop, replica, "select @@global.gtid_slave_pos as p")[0]["p"]
    ask(shop, replica, "create database strange")
    try:
        assert "transactions of its own" in shop.refused()["members_healthy"]
        assert shop.driver.heir(shop.read(), source.id, "") not in ("", replica.id)
    finally:
        for statement in ("stop slave", "drop database strange", "reset master",
                          f"set global gtid_slave_pos = '{position}'", "start slave"):
            ask(shop, replica, statement)
    shop.settle()


def test_what_an_upgrade_would_not_survive_is_refused(shop):
    replica = shop.replica()
    ask(shop, replica, "set global innodb_fast_shutdown = 2")
    try:
        assert "clean_shutdown" in shop.refused()
        assert shop.driver.obstacles(shop.read(), [replica.id]) != []
    finally:
        ask(shop, replica, "set global innodb_fast_shutdown = 1")
    assert shop.refused() == {}


def test_a_replica_of_two_sources_is_refused(shop):
    replica = shop.replica()
    ask(shop, replica, "change master 'other' to master_host = '127.0.0.1', master_user = 'x'")
    try:
        assert "follows 2 sources" in shop.refused()["members_match"]
    finally:
        ask(shop, replica, "reset slave 'other' all")
    shop.settle()
    assert shop.refused() == {}


def test_a_refused_password_is_told_without_it(shop, tmp_path):
    sets.assert_refused_password_is_not_told(shop, tmp_path)


def test_upgraded_replicas_come_first_and_one_takes_over_under_load_without_a_lost_write(shop):
    sets.assert_the_upgraded_lead_without_a_lost_write(shop)
