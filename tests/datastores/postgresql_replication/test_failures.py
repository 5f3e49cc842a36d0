"""PostgreSQL sets under kill -9 of the engine and under an abort: their data go back."""
from trove_upgrade.lab.kinds.postgresql import native

from tests.datastores.interrupted import asked, begun, is_promoting, kill_when
from tests.waits import TIMEOUT_SEC, until

XDIST_GROUP = "postgresql"
LAB = {"kind": "postgresql_replication", "heartbeat_sec": 1}
HELD_SEC = TIMEOUT_SEC // 2


def is_fenced(run, member):
    """Whether a PostgreSQL's own setting keeps clients from writing."""
    with native.connect(member.address, run.site.lab.settings) as connection:
        return connection.execute("show default_transaction_read_only").fetchone() == ("on",)


def test_killed_while_the_source_is_fenced_it_takes_writes_again(site):
    """The request to promote is under way, and Trove has not begun: the next try asks, too."""
    with begun(site) as run:
        site.break_api(run.cluster, "delay", "POST", "action", seconds=HELD_SEC, count=1)
        kill_when(run, lambda: is_fenced(run, run.member(1)), "a fence",
                  lambda: not is_promoting(run) and not asked(run, "POST", "/action"))
        until(lambda: asked(run, "POST", "/action"), "the request that was under way")
        run.end()
        assert [one.name for one in run.before if is_fenced(run, one)] == []
    found = run.end()
    assert found.result["status"] == "upgraded", found.result
    assert found.versions() == {site.new}
    assert [event["event"] for event in found.journal].count("leads") == 1


def test_an_abort_before_the_switch_puts_the_upgraded_back(site):
    with begun(site) as run:
        run.until_event("healthy")
        run.abort()
    found = run.end()
    assert found.result["status"] == "aborted", found.result
    assert found.versions() == {site.old}
    assert 1 <= len(found.names("rolled_back")) <= 2
    assert asked(run, "POST") == [], "nobody was promoted nor rebuilt"
    assert [one for one in found.stops() if one["instance"] == run.cluster.id] == []
