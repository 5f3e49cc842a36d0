"""MySQL replication sets: real servers, promoted by real Trove, asked by the driver.

What the pack's workflows do with them is in test_mysql_upgrades.py.
"""
import pymysql
import pytest
from trove_upgrade.lab.kinds import mysql
from trove_upgrade.lab.kinds.mysql_replication import native
from trove_upgrade.lab.kinds.replication import UPGRADER

from tests.datastores import sets

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def shop():
    sets.require(mysql.ARCHIVE)
    with sets.running("mysql_replication") as one:
        yield one


def address(shop, member):
    return next(each.address for each in shop.members if each.id == member.id)


def ask(shop, member, statement):
    return native.ask(address(shop, member), shop.lab.settings, statement)


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
    ("stop replica sql_thread", "start replica", "applying thread"),
    ("stop replica io_thread", "start replica", "receiving thread"),
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


def test_transactions_that_are_not_applied_are_counted(shop):
    replica, source = shop.replica(), shop.source()
    ask(shop, replica, "stop replica sql_thread")
    try:
        for _ in range(3):
            ask(shop, source, "insert into lab.kv values (uuid(), '')")
        assert shop.read()[replica.id].native["behind"] == 3
    finally:
        ask(shop, replica, "start replica")
    shop.settle()
    assert shop.read()[replica.id].native["behind"] == 0


def test_a_write_on_a_replica_is_found_and_it_is_no_heir(shop):
    replica, source = shop.replica(), shop.source()
    position = ask(shop, replica, "select @@global.gtid_executed as p")[0]["p"]
    ask(shop, replica, "create database strange")
    try:
        assert "transactions of its own" in shop.refused()["members_healthy"]
        assert shop.driver.heir(shop.read(), source.id, "") not in ("", replica.id)
    finally:
        for statement in ("stop replica", "drop database strange", "reset master",
                          f"set global gtid_purged = '{position}'", "start replica"):
            ask(shop, replica, statement)
    shop.settle()


def test_a_replica_of_two_sources_is_refused(shop):
    replica = shop.replica()
    ask(shop, replica, "change replication source to source_host = '127.0.0.1', "
                       "source_user = 'x' for channel 'other'")
    try:
        assert "follows 2 sources" in shop.refused()["members_match"]
    finally:
        ask(shop, replica, "reset replica all for channel 'other'")
    shop.settle()
    assert shop.refused() == {}


def test_what_an_upgrade_would_not_survive_is_refused(shop):
    replica = shop.replica()
    ask(shop, replica, "set global innodb_fast_shutdown = 2")
    try:
        assert "clean_shutdown" in shop.refused()
        assert shop.driver.obstacles(shop.read(), [replica.id]) != []
    finally:
        ask(shop, replica, "set global innodb_fast_shutdown = 1")
    assert shop.refused() == {}


def test_a_prepared_transaction_keeps_its_member(shop):
    source = shop.source()
    with native.connect(address(shop, source), shop.lab.settings) as connection, \
            connection.cursor() as cursor:
        for statement in ("xa start 'open'", "insert into lab.kv values ('xa', 'x')",
                          "xa end 'open'", "xa prepare 'open'"):
            cursor.execute(statement)
        try:
            assert "1 prepared XA" in shop.refused()["no_prepared_xa"]
        finally:
            cursor.execute("xa rollback 'open'")
    assert shop.refused() == {}


def test_a_refused_password_is_told_without_it(shop, tmp_path):
    sets.assert_refused_password_is_not_told(shop, tmp_path)


@pytest.mark.parametrize(("change", "back"), [
    ("revoke xa_recover_admin on *.* from {}", "grant xa_recover_admin on *.* to {}"),
    ("revoke replication client on *.* from {}", "grant replication client on *.* to {}"),
    ("alter user {} account lock", "alter user {} account unlock"),
    ("alter user {} password expire", "alter user {} identified by '" + sets.SECRET + "'")])
def test_rights_that_are_missing_are_no_silence(shop, change, back):
    """An answer that asking again does not change; each is an error number of its own."""
    source = shop.source()
    ask(shop, source, change.format(UPGRADER))
    try:
        assert shop.read()[source.id].native == {"code": "access_refused"}
    finally:
        ask(shop, source, back.format(UPGRADER))
    shop.settle()
    assert shop.refused() == {}


def test_the_drivers_account_may_not_read_data_nor_write(shop):
    with native.connect(address(shop, shop.source()), shop.lab.settings, UPGRADER) as connection, \
            connection.cursor() as cursor:
        for statement in ("select * from lab.kv", "set global read_only = 1"):
            with pytest.raises(pymysql.OperationalError, match="denied"):
                cursor.execute(statement)


def test_upgraded_replicas_come_first_and_one_takes_over_under_load_without_a_lost_write(shop):
    sets.assert_the_upgraded_lead_without_a_lost_write(shop)
