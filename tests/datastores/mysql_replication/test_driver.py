"""MySQL replication sets: real servers, promoted by real Trove, asked by the driver.

What the pack's workflows do with them is in test_upgrades.py.
"""
import pymysql
import pytest
from trove_upgrade.lab.kinds.mysql_replication import native
from trove_upgrade.lab.kinds.replication import UPGRADER

from tests.datastores import sets
from tests.datastores.mysql_sets import SetTests, Words, address, ask

XDIST_GROUP = "mysql"
LAB = {"kind": "mysql_replication", "heartbeat_sec": 1, "stop_timeout_sec": 15}
WORDS = Words(
    start="start replica", stop="stop replica", stop_applying="stop replica sql_thread",
    stop_receiving="stop replica io_thread", position="select @@global.gtid_executed as p",
    restore="set global gtid_purged = '{}'",
    follow_another="change replication source to source_host = '127.0.0.1', source_user = 'x' "
                   "for channel 'other'",
    forget_it="reset replica all for channel 'other'",
    unfit=(("change replication filter replicate_ignore_table = (lab.kv)",
            "change replication filter replicate_ignore_table = ()",
            "replicate_ignore_table = lab.kv"),
           ("change replication source to source_delay = 3600",
            "change replication source to source_delay = 0", "is delayed by 3600 s")))


@pytest.fixture(scope="module")
def shop(site):
    with sets.running(site) as one:
        yield one


class TestMySQL(SetTests):
    words = WORDS


def test_transactions_that_are_not_applied_are_counted(shop):
    replica, source = shop.replica(), shop.source()
    ask(shop, replica, WORDS.stop_applying)
    try:
        for _ in range(3):
            ask(shop, source, "insert into lab.kv values (uuid(), '')")
        assert shop.read()[replica.id].native["behind"] == 3
    finally:
        ask(shop, replica, WORDS.start)
    shop.settle()
    assert shop.read()[replica.id].native["behind"] == 0


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


@pytest.mark.parametrize(("change", "back"), [
    ("revoke xa_recover_admin on *.* from {}", "grant xa_recover_admin on *.* to {}"),
    ("revoke replication client on *.* from {}", "grant replication client on *.* to {}"),
    ("alter user {} account lock", "alter user {} account unlock"),
    ("alter user {} password expire", "alter user {} identified by '{}'")])
def test_rights_that_are_missing_are_no_silence(shop, change, back):
    """An answer that asking again does not change; each is an error number of its own."""
    source = shop.source()
    ask(shop, source, change.format(UPGRADER))
    try:
        assert shop.read()[source.id].native == {"code": "access_refused"}
    finally:
        ask(shop, source, back.format(UPGRADER, shop.lab.settings.password))
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
