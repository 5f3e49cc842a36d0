"""MariaDB replication sets: real servers, promoted by real Trove, asked by the driver."""
import pytest

from tests.datastores import sets
from tests.datastores.mysql_sets import SetTests, Words, ask
from tests.waits import until

XDIST_GROUP = "mariadb"
LAB = {"kind": "mariadb_replication", "heartbeat_sec": 1}
WORDS = Words(
    start="start slave", stop="stop slave", stop_applying="stop slave sql_thread",
    stop_receiving="stop slave io_thread", position="select @@global.gtid_slave_pos as p",
    restore="set global gtid_slave_pos = '{}'",
    follow_another="change master 'other' to master_host = '127.0.0.1', master_user = 'x'",
    forget_it="reset slave 'other' all",
    unfit=(("set global replicate_ignore_table = 'lab.kv'",
            "set global replicate_ignore_table = ''", "replicate_ignore_table = lab.kv"),
           ("set global slave_exec_mode = 'IDEMPOTENT'", "set global slave_exec_mode = 'STRICT'",
            "replica_exec_mode = IDEMPOTENT"),
           ("set global tx_read_only = 1", "set global tx_read_only = 0", "tx_read_only = ON"),
           ("change master to master_delay = 3600", "change master to master_delay = 0",
            "is delayed by 3600 s")))


@pytest.fixture(scope="module")
def shop(site):
    with sets.running(site) as one:
        yield one


class TestMariaDB(SetTests):
    words = WORDS


def test_the_last_replica_that_acknowledges_is_kept(shop):
    source, replica = shop.source(), shop.replica()

    def acknowledge(on):
        ask(shop, source, f"set global rpl_semi_sync_master_enabled = {on}")
        for statement in (f"set global rpl_semi_sync_slave_enabled = {on}", "stop slave io_thread",
                          "start slave io_thread"):
            ask(shop, replica, statement)

    timeout = ask(shop, source, "select @@global.rpl_semi_sync_master_timeout as ms")[0]["ms"]
    ask(shop, source, "set global rpl_semi_sync_master_timeout = 20000")
    acknowledge(on=1)
    try:
        until(lambda: "commits wait 20 s" in shop.refused().get("semi_sync", ""), "its word")
        assert any("commits wait 20 s" in one for one in shop.driver.blockers(
            shop.read(), [replica.id]))
    finally:
        acknowledge(on=0)
        ask(shop, source, f"set global rpl_semi_sync_master_timeout = {timeout}")
    shop.settle()


def test_who_lacks_a_plugin_of_the_source_does_not_take_over(shop):
    source = shop.source()
    ask(shop, source, "install soname 'auth_ed25519'")
    try:
        assert "has not loaded the plugin ed25519" in shop.refused()["replicas_ready"]
        assert shop.driver.candidate(shop.read(), source.id, "") == ""
    finally:
        ask(shop, source, "uninstall soname 'auth_ed25519'")
    assert shop.refused() == {}


def test_upgraded_replicas_come_first_and_one_takes_over_under_load_without_a_lost_write(shop):
    sets.assert_the_upgraded_lead_without_a_lost_write(shop)
