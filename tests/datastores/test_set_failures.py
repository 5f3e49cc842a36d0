"""Replication sets under kill -9 of the engine and under an abort, end to end on real servers.

PostgreSQL's data go back; MariaDB's go one way, so a member is rebuilt instead.
"""
import contextlib

import pytest
from trove_upgrade.lab.kinds import mariadb
from trove_upgrade.lab.kinds.postgresql import native
from trove_upgrade.lab.process import wait_for

from tests.datastores import sets
from tests.end_to_end.conftest import clean_site
from tests.end_to_end.invariants import LISTS

HELD_SEC = 5
QUICK = {"backup": "skip"}
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory):
    with clean_site(tmp_path_factory.mktemp("engine"), kind="postgresql_replication",
                    heartbeat_sec=1) as made:
        yield made


@pytest.fixture(scope="module")
def maria(tmp_path_factory):
    sets.require(mariadb.ARCHIVE)
    with clean_site(tmp_path_factory.mktemp("engine"), kind="mariadb_replication",
                    heartbeat_sec=1) as made:
        yield made


@contextlib.contextmanager
def begun(site, replicas=2, **inputs):
    """A run on a fresh set under load; at its end all that must be true of each is asserted."""
    with site.cluster(replicas=replicas) as cluster, site.load(cluster) as load:
        run = site.begin(cluster, **{**QUICK, **inputs})
        yield run
        run.end().load = load.stop()
        assert_nothing_lost(run.end().load)
        assert_each_member_is_there_once(run)
        assert run.end().lock is None


def assert_nothing_lost(load):
    """Nothing that was acknowledged. While nobody is there to end a promotion writes may fail."""
    assert load["acknowledged"] > 0
    assert (load["lost"], load["unreadable"], load["wrong_reads"]) == (0, 0, 0), load


def kill_when(run, moment, what, still):
    """kill -9 of the engine as soon as moment() is true, and before still() is not; a start."""
    wait_for(moment, 120, what, every=0.05)
    run.site.engine.kill()
    assert still(), f"killed too late: {what}"
    run.site.engine.start()
    run.site.connect()


def asked(run, method, ending=""):
    """Paths that the pack has asked of Trove's API so, since the run began."""
    return [one["path"] for one in run.site.lab.api_calls() if one["t"] >= run.since
            and one["method"] == method and one["path"].endswith(ending)]


def statuses(run):
    """{id: status} of all its instances in Trove."""
    return {one["id"]: one["status"] for one in run.site.shown(run.cluster)}


def is_promoting(run):
    return "PROMOTE" in statuses(run).values()


def is_fenced(run, member):
    """Whether a PostgreSQL's own setting keeps clients from writing."""
    with native.connect(member.address, run.site.lab.settings) as connection:
        return connection.execute("show default_transaction_read_only").fetchone() == ("on",)


def assert_each_member_is_there_once(run):
    """In Trove, well and under its name, and in the result. No instance more, none less."""
    names = sorted(one.name for one in run.before)
    run.until_at_rest()
    assert sorted(one["name"] for one in run.site.shown(run.cluster)) == names
    result = run.end().result
    assert sorted(one["name"] for group in LISTS for one in result[group]) == names
    assert run.site.lab.is_whole(run.cluster)


def test_killed_while_trove_promotes_the_run_ends_by_itself(maria):
    with begun(maria) as run:
        kill_when(run, lambda: asked(run, "POST", "/action"), "a promotion",
                  lambda: is_promoting(run))
    found = run.end()
    assert found.result["status"] == "upgraded", found.result
    assert found.versions() == {maria.new}
    assert len(asked(run, "POST", "/action")) == 1


def test_an_abort_after_the_switch_finishes_the_last_member(maria):
    with begun(maria, replicas=1) as run:
        wait_for(lambda: asked(run, "POST", "/action"), 120, "a promotion", every=0.05)
        assert is_promoting(run)
        run.abort()
    found = run.end()
    assert found.result["status"] == "aborted", found.result
    assert found.names("upgraded") == [run.cluster.name, "replica"]
    assert found.versions() == {maria.new}
    assert "The set can't go back" in found.result["summary"]
    assert found.result["resume"].startswith("trove-upgrade finalize --instance ")


def test_killed_while_the_source_is_fenced_it_takes_writes_again(postgresql):
    """The request to promote is under way, and Trove has not begun: the next try asks, too."""
    site = postgresql
    with begun(site) as run:
        site.break_api(run.cluster, "delay", "POST", "action", seconds=HELD_SEC, count=1)
        kill_when(run, lambda: is_fenced(run, run.member(1)), "a fence",
                  lambda: not is_promoting(run) and not asked(run, "POST", "/action"))
        wait_for(lambda: asked(run, "POST", "/action"), 60, "the request that was under way")
        run.end()
        assert [one.name for one in run.before if is_fenced(run, one)] == []
    found = run.end()
    assert found.result["status"] == "upgraded", found.result
    assert found.versions() == {site.new}
    assert [event["event"] for event in found.journal].count("leads") == 1


def test_an_abort_before_the_switch_puts_the_upgraded_back(postgresql):
    with begun(postgresql) as run:
        run.until_event("healthy")
        run.abort()
    found = run.end()
    assert found.result["status"] == "aborted", found.result
    assert found.versions() == {postgresql.old}
    assert 1 <= len(found.names("rolled_back")) <= 2
    assert asked(run, "POST") == [], "nobody was promoted nor rebuilt"
    assert [one for one in found.stops() if one["instance"] == run.cluster.id] == []


def test_killed_while_aborted_members_are_rebuilt_the_run_ends_by_itself(maria):
    with begun(maria, pause_after="first") as run:
        run.until_paused()
        run.abort()
        kill_when(run, lambda: asked(run, "POST", "/instances"), "a member rebuilt",
                  lambda: len(statuses(run)) == 4)
    found = run.end()
    assert found.result["status"] == "aborted", found.result
    assert found.versions() == {maria.old}
    assert len(asked(run, "POST", "/instances")) == 1
