"""PostgreSQL replication sets: real servers, promoted by real Trove, asked by the driver."""
import contextlib
from pathlib import Path

import psycopg
import pytest
from trove_upgrade.datastores import driver
from trove_upgrade.datastores.base import PRIMARY, DatastoreError
from trove_upgrade.lab.kinds.postgresql import native

from tests.datastores import sets
from tests.waits import until

XDIST_GROUP = "postgresql"
LAB = {"kind": "postgresql_replication", "heartbeat_sec": 1}


@pytest.fixture(scope="module")
def shop(site):
    with sets.running(site) as one:
        yield one


def superuser(shop, member):
    address = next(each.address for each in shop.members if each.id == member.id)
    return native.connect(address, shop.lab.settings)


def test_a_healthy_set_is_read_as_it_is(shop):
    sets.assert_is_read_as_it_is(shop)


def test_an_append_that_is_sent_again_is_there_once(shop):
    sets.assert_an_append_that_is_sent_again_is_there_once(shop.lab, shop.made)


def test_a_standby_that_stops_replaying_closes_the_gate_for_the_other(shop):
    lazy, source = shop.replica(), shop.source()
    with superuser(shop, lazy) as connection:
        connection.execute("select pg_wal_replay_pause()")
        try:
            assert any("paused" in one for one in shop.driver.blockers(shop.read(), ()))
            assert shop.driver.candidate(shop.read(), source.id, "") not in ("", lazy.id)
        finally:
            connection.execute("select pg_wal_replay_resume()")
    shop.settle()


def test_commits_that_wait_for_both_standbys_keep_them_both(shop):
    replica = shop.replica()
    with superuser(shop, shop.source()) as connection:
        connection.execute("alter system set synchronous_standby_names = 'ANY 2 (*)'")
        connection.execute("select pg_reload_conf()")
        try:
            until(lambda: shop.driver.blockers(shop.read(), [replica.id]), "the gate")
            assert "synchronous_standbys" in shop.refused()
        finally:
            connection.execute("alter system reset synchronous_standby_names")
            connection.execute("select pg_reload_conf()")
    until(lambda: not shop.driver.blockers(shop.read(), [replica.id]), "the gate")


@contextlib.contextmanager
def configured(shop, member, setting, value):
    """A server's own setting, until the end."""
    with superuser(shop, member) as connection:
        connection.execute(f"alter system set {setting} = '{value}'")
        connection.execute("select pg_reload_conf()")
        try:
            yield
        finally:
            connection.execute(f"alter system reset {setting}")
            connection.execute("select pg_reload_conf()")


@pytest.mark.parametrize(("setting", "value", "told"), [
    ("recovery_min_apply_delay", "1h", "is delayed by 1h"),
    ("synchronous_standby_names", "shop_dr", "commits would wait for 1 synchronous standbys")])
def test_who_must_not_lead_is_no_candidate_and_waited_for_by_nobody(shop, setting, value, told):
    replica, source = shop.replica(), shop.source()
    with configured(shop, replica, setting, value):
        until(lambda: shop.driver.unfit(shop.read(), replica.id), "the setting")
        facts = shop.read()
        assert told in shop.driver.unfit(facts, replica.id)[0]
        assert shop.driver.candidate(facts, source.id, "") not in ("", replica.id)
        assert shop.refused() == {}
    until(lambda: not shop.driver.unfit(shop.read(), replica.id), "the setting")


def test_a_standby_that_its_own_configuration_makes_read_only_is_no_candidate(shop):
    replica = shop.replica()
    with superuser(shop, replica) as connection:
        told = Path(connection.execute("show config_file").fetchone()[0])
        kept = told.read_text()
        told.write_text(f"{kept}\ndefault_transaction_read_only = on\n")
        connection.execute("select pg_reload_conf()")
        try:
            until(lambda: shop.driver.unfit(shop.read(), replica.id), "the setting")
            assert "would refuse writes" in shop.driver.unfit(shop.read(), replica.id)[0]
        finally:
            told.write_text(kept)
            connection.execute("select pg_reload_conf()")
    until(lambda: not shop.driver.unfit(shop.read(), replica.id), "the setting")


def test_a_collation_that_is_not_the_recorded_one_is_read(shop):
    """All members have the same library here, so it keeps nobody from leading."""
    with superuser(shop, shop.source()) as connection:
        connection.execute("update pg_database set datcollversion = '2.28' where datname = "
                           "'template0'")
        try:
            until(lambda: [one.native["collations"].keys() for one in shop.read().values()] == [
                {"template0"}] * 3, "the version")
            assert [shop.driver.unfit(shop.read(), one.id) for one in shop.members] == [[]] * 3
        finally:
            connection.execute("update pg_database set datcollversion = null where datname = "
                               "'template0'")
    assert [one.native["lacking"] for one in shop.read().values()] == [[]] * 3


def test_wal_that_is_not_archived_and_relaxed_settings_are_told(shop):
    source = shop.source()
    with configured(shop, source, "archive_command", "/bin/false"), \
            configured(shop, source, "synchronous_commit", "off"), \
            superuser(shop, source) as connection:
        connection.execute("create table archived (one int)")
        connection.execute("drop table archived")
        connection.execute("select pg_switch_wal()")
        until(lambda: "archiving_works" in shop.refused(), "a failure")
        assert f"{source.name} fails to archive its WAL" in shop.refused()["archiving_works"]
        notes = shop.driver.texts(shop.read(), True).notes
        assert any(one.startswith(f"synchronous_commit = off on {source.name}:") for one in notes)
    until(lambda: "archiving_works" not in shop.refused(), "the archive")


def test_standbys_for_which_the_wal_does_not_last_stay(shop, monkeypatch):
    monkeypatch.setattr("trove_upgrade.datastores.postgresql_replication.topology.RATE_SEC", 0)
    patient = driver(shop.driver.name, {**shop.access, "unavailable_sec": 10 ** 9})
    facts, replica = patient.read(shop.members), shop.replica()
    assert f"keep 512 MiB of WAL for {replica.name}" in next(
        one.message for one in patient.checks(facts) if one.name == "wal_kept")
    assert any("would have to be rebuilt" in one for one in patient.blockers(facts, [replica.id]))


def test_for_how_long_an_idle_slot_is_kept_is_read(shop):
    source = shop.source()
    assert source.native["wal"]["idle_sec"] == 0
    with configured(shop, source, "idle_replication_slot_timeout", "10min"):
        until(lambda: shop.source().native["wal"]["idle_sec"] == 600, "the setting")


def test_a_slot_that_is_lost_keeps_nothing(shop):
    source = shop.source()
    with configured(shop, source, "max_slot_wal_keep_size", "32MB"), \
            configured(shop, source, "wal_keep_size", "0"), superuser(shop, source) as connection:
        connection.execute("select pg_create_physical_replication_slot('left', true)")
        try:
            assert shop.source().native["wal"]["slots"] == ["left"]
            for _ in range(5):      # segments of 16 MB
                connection.execute("create table switched (one int)")
                connection.execute("drop table switched")
                connection.execute("select pg_switch_wal()")
            connection.execute("checkpoint")
            until(lambda: shop.source().native["wal"]["slots"] == [], "the loss")
        finally:
            connection.execute("select pg_drop_replication_slot('left')")


def test_a_standby_is_known_by_the_name_that_its_source_knows(shop):
    with superuser(shop, shop.source()) as connection:
        seen = {one for one, in connection.execute(
            "select application_name from pg_stat_replication").fetchall()}
    assert {one.native["known_as"] for one in shop.read().values() if one.role != PRIMARY} == seen


@pytest.mark.parametrize("whose", ["role app", "database postgres"])
def test_settings_that_override_the_fence_are_refused_by_name(shop, whose):
    source = shop.source()
    with superuser(shop, source) as connection:
        connection.execute(f"alter {whose} set default_transaction_read_only = off")
        try:
            assert f"{whose} has" in shop.refused()["fence_holds"]
            with pytest.raises(DatastoreError, match=whose):
                shop.driver.fence(shop.read(), source.id, shop.replica().id)
        finally:
            connection.execute(f"alter {whose} reset default_transaction_read_only")
    assert not shop.read()[source.id].native["fenced"]
    assert shop.refused() == {}


def test_a_session_that_writes_on_keeps_the_role_where_it_is(shop, monkeypatch):
    """It has set itself to read-write, which nobody else can see."""
    # A write may take a second on a disk that is busy.
    monkeypatch.setattr("trove_upgrade.datastores.fencing.STILL_SEC", 4)
    monkeypatch.setattr("trove_upgrade.datastores.fencing.FENCE_SEC", 2)
    source = shop.source()

    def write(over):
        with superuser(shop, source) as connection:
            connection.execute("set default_transaction_read_only = off")
            while not over.wait(0.1):
                connection.execute("insert into kv values ('on', 'x') on conflict (k) do update "
                                   "set v = 'y'")

    sets.assert_a_fence_that_is_written_through_is_taken_back(shop, source, write, "fenced")


def writing_of_itself(shop, member):
    """The server writes WAL, though nobody may write data: as its background writer does every
    15 s, and readers that set hint bits, but all the time."""
    def write(over):
        with contextlib.suppress(psycopg.OperationalError), superuser(shop, member) as connection:
            while not over.wait(0.005):
                connection.execute("select pg_log_standby_snapshot()")

    return sets.beside(write)


def test_the_other_standby_follows_although_it_got_more_of_the_old_source_than_the_candidate(shop):
    for _ in range(2):             # back and forth: not each time is there time enough for more
        with writing_of_itself(shop, shop.source()):
            shop.promote(shop.replica().id)
        assert shop.refused() == {}


@pytest.mark.parametrize("done", ["insert into kv values ('open', 'x')", "select 1"],
                         ids=["has written", "may still write"])
def test_a_fence_that_an_open_transaction_holds_up_is_taken_down(shop, monkeypatch, done):
    monkeypatch.setattr("trove_upgrade.datastores.fencing.FENCE_SEC", 0.5)
    facts, source = shop.read(), shop.source()
    with superuser(shop, source) as connection, connection.transaction(force_rollback=True):
        connection.execute(done)
        with pytest.raises(DatastoreError, match="open transactions") as caught:
            shop.driver.fence(facts, source.id, shop.replica().id)
    assert (caught.value.code, caught.value.passing) == ("no_fence", True)
    assert not shop.read()[source.id].native["fenced"]
    with shop.lab.kind.clients([(each.address, shop.lab.settings.port) for each in shop.members],
                               shop.lab.settings, 2).connect() as client:
        client.write("after", "x")


def test_a_refused_password_is_told_without_it(shop, tmp_path):
    sets.assert_refused_password_is_not_told(shop, tmp_path)


def test_the_drivers_role_is_no_superuser_and_may_not_write(shop):
    member = next(each for each in shop.members if each.id == shop.source().id)
    with native.connect(member.address, shop.lab.settings, shop.access["username"]) as connection, \
            pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("insert into kv values ('forbidden', 'x')")


def test_an_upgraded_standby_is_preferred_and_takes_over_under_load_without_a_lost_write(shop):
    old, new = shop.lab.settings.old, shop.lab.settings.new
    source, replica = shop.source(), shop.replica()
    upgraded = {}

    def work():
        shop.upgrade(replica.id, new)
        upgraded.update(shop.read())
        assert shop.driver.candidate(upgraded, source.id, new) == replica.id
        shop.promote(replica.id)

    result = sets.under_load(shop, work)
    assert sets.is_complete(result), result
    assert upgraded[replica.id].identity != replica.identity
    assert (shop.source().id, shop.source().version) == (replica.id, new)
    assert shop.read()[source.id].version == old
    assert shop.refused() == {}


def test_a_minor_version_goes_back_on_its_own_data(shop):
    old, new = shop.lab.settings.old, shop.lab.settings.new
    upgraded = next(one for one in shop.read().values() if one.version == new)
    assert shop.driver.closed_rollback_path(shop.read(), upgraded.id, old) == ""
    candidate = shop.driver.candidate(shop.read(), upgraded.id, old)
    result = sets.under_load(
        shop, lambda: (shop.promote(candidate), shop.upgrade(upgraded.id, old)))
    assert sets.is_complete(result), result
    assert {one.version for one in shop.read().values()} == {old}
