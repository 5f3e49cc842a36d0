"""What the replication sets of MySQL and of MariaDB are both asked; only the words differ.

The module of each gives its words and a fixture `shop`.
"""
from dataclasses import dataclass

import pytest
from trove_upgrade.lab.kinds.mysql_replication import native

from tests.datastores import sets
from tests.waits import until


@dataclass(frozen=True)
class Words:
    """Statements of one dialect.

    :ivar position: the query of what a replica has, as p; ``restore`` is given that.
    :ivar unfit: (makes a stopped replica one that must not lead, takes that back, what is told).
    :ivar follow_another: makes a replica follow a second source; ``forget_it`` takes that back.
    """

    start: str
    stop: str
    stop_applying: str
    stop_receiving: str
    position: str
    restore: str
    follow_another: str
    forget_it: str
    unfit: tuple


def address(shop, member):
    return next(each.address for each in shop.members if each.id == member.id)


def ask(shop, member, statement):
    return native.ask(address(shop, member), shop.lab.settings, statement)


class SetTests:
    """To be inherited; a test leaves the set as it was."""

    words: Words

    def test_a_healthy_set_is_read_as_it_is(self, shop):
        sets.assert_is_read_as_it_is(shop)

    def test_an_append_that_is_sent_again_is_there_once(self, shop):
        sets.assert_an_append_that_is_sent_again_is_there_once(shop.lab, shop.made)

    @pytest.mark.parametrize(("broken", "complaint"), [
        ("stop_applying", "applying thread"), ("stop_receiving", "receiving thread")])
    def test_a_replica_that_stands_still_closes_the_gate(self, shop, broken, complaint):
        self._assert_closes_the_gate(shop, getattr(self.words, broken), self.words.start, complaint)

    def test_a_replica_that_takes_writes_closes_the_gate(self, shop):
        self._assert_closes_the_gate(shop, "set global read_only = 0", "set global read_only = 1",
                                     "takes writes")

    @staticmethod
    def _assert_closes_the_gate(shop, broken, healed, complaint):
        replica, source = shop.replica(), shop.source()
        ask(shop, replica, broken)
        try:
            assert any(complaint in one for one in shop.driver.blockers(shop.read(), ()))
            assert shop.driver.candidate(shop.read(), source.id, "") not in ("", replica.id)
        finally:
            ask(shop, replica, healed)
        shop.settle()

    def test_a_write_on_a_replica_is_found_and_it_is_no_candidate(self, shop):
        replica, source = shop.replica(), shop.source()
        position = ask(shop, replica, self.words.position)[0]["p"]
        ask(shop, replica, "create database strange")
        try:
            # Newer ones of the source hide it from who looks at the newest only.
            ask(shop, source, "create database newer")
            until(lambda: ask(shop, replica, "show databases like 'newer'"), "the newer one")
            assert "transactions of its own" in shop.refused()["members_healthy"]
            assert shop.driver.candidate(shop.read(), source.id, "") not in ("", replica.id)
        finally:
            for statement in (self.words.stop, "drop database strange",
                              "drop database if exists newer", "reset master",
                              self.words.restore.format(position), self.words.start):
                ask(shop, replica, statement)
            ask(shop, source, "drop database newer")
        shop.settle()

    def test_who_must_not_lead_is_no_candidate_and_waited_for_by_nobody(self, shop):
        """Filters and delays, as the server tells them."""
        replica, source = shop.replica(), shop.source()
        before = shop.driver.candidate(shop.read(), source.id, "")
        for unfit, healed, told in self.words.unfit:
            self._change_while_stopped(shop, replica, unfit)
            try:
                facts = shop.read()
                assert any(told in one for one in shop.driver.unfit(facts, replica.id)), unfit
                assert shop.driver.candidate(facts, source.id, "") not in ("", replica.id)
                assert shop.refused() == {}
            finally:
                self._change_while_stopped(shop, replica, healed)
            shop.settle()
        assert shop.driver.candidate(shop.read(), source.id, "") == before

    def _change_while_stopped(self, shop, replica, statement):
        for one in (self.words.stop, statement, self.words.start):
            ask(shop, replica, one)

    def test_an_account_that_writes_on_keeps_the_role_where_it_is(self, shop, monkeypatch):
        """That of the lab's replication has all rights."""
        # A write may take a second on a disk that is busy.
        monkeypatch.setattr("trove_upgrade.datastores.fencing.STILL_SEC", 4)
        monkeypatch.setattr("trove_upgrade.datastores.fencing.FENCE_SEC", 2)
        source = shop.source()

        def write(over):
            while not over.wait(0.1):
                ask(shop, source, "replace into lab.kv values ('on', uuid())")

        sets.assert_a_fence_that_is_written_through_is_taken_back(
            shop, source, write, "read_only")
        shop.settle()

    def test_a_fence_is_taken_down_again(self, shop):
        source = shop.source()
        shop.driver.fence(shop.read(), source.id, shop.replica().id)
        assert shop.read()[source.id].native["read_only"]
        shop.driver.unfence(shop.read())
        assert not shop.read()[source.id].native["read_only"]
        shop.settle()

    def test_a_replica_of_two_sources_is_refused(self, shop):
        replica = shop.replica()
        ask(shop, replica, self.words.follow_another)
        try:
            assert "follows 2 sources" in shop.refused()["members_match"]
        finally:
            ask(shop, replica, self.words.forget_it)
        shop.settle()
        assert shop.refused() == {}

    def test_two_servers_of_one_id_are_refused(self, shop):
        """Which is a setting; a replica leaves out what bears its own."""
        source, replica = shop.source(), shop.replica()
        own = ask(shop, replica, "select @@global.server_id as n")[0]["n"]
        other = next(one for one in shop.read().values() if one.id not in (source.id, replica.id))
        twin = ask(shop, other, "select @@global.server_id as n")[0]["n"]
        assert own != twin
        ask(shop, replica, f"set global server_id = {twin}")
        try:
            assert f"bear the same server id ({twin})" in shop.refused()["members_match"]
        finally:
            ask(shop, replica, f"set global server_id = {own}")
        shop.settle()

    def test_what_an_upgrade_would_not_survive_is_refused(self, shop):
        replica = shop.replica()
        ask(shop, replica, "set global innodb_fast_shutdown = 2")
        try:
            assert "clean_shutdown" in shop.refused()
            assert shop.driver.blockers(shop.read(), [replica.id]) != []
        finally:
            ask(shop, replica, "set global innodb_fast_shutdown = 1")
        assert shop.refused() == {}

    def test_binary_logs_that_are_not_kept_for_long_are_refused(self, shop):
        source = shop.source()
        kept = ask(shop, source, "select @@global.binlog_expire_logs_seconds as s")[0]["s"]
        ask(shop, source, "set global binlog_expire_logs_seconds = 60")
        try:
            told = f"{source.name} keeps its binary logs for 60 s"
            assert told in shop.refused()["logs_kept"]
            assert told in shop.driver.blockers(shop.read(), [shop.replica().id])[0]
        finally:
            ask(shop, source, f"set global binlog_expire_logs_seconds = {kept}")
        assert shop.refused() == {}

    def test_a_refused_password_is_told_without_it(self, shop, tmp_path):
        sets.assert_refused_password_is_not_told(shop, tmp_path)
