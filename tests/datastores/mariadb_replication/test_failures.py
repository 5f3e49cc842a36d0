"""MariaDB sets under kill -9 of the engine and under an abort.

Their data go one way, so a member is rebuilt where PostgreSQL's goes back.
"""
from tests.datastores.interrupted import asked, begun, is_promoting, kill_when, statuses
from tests.waits import until

XDIST_GROUP = "mariadb"
LAB = {"kind": "mariadb_replication", "heartbeat_sec": 1}


def test_killed_while_trove_promotes_the_run_ends_by_itself(site):
    with begun(site) as run:
        kill_when(run, lambda: asked(run, "POST", "/action"), "a promotion",
                  lambda: is_promoting(run))
    found = run.end()
    assert found.result["status"] == "upgraded", found.result
    assert found.versions() == {site.new}
    assert len(asked(run, "POST", "/action")) == 1


def test_an_abort_after_the_switch_finishes_the_last_member(site):
    with begun(site, replicas=1) as run:
        until(lambda: asked(run, "POST", "/action"), "a promotion", every=0.05)
        assert is_promoting(run)
        run.abort()
    found = run.end()
    assert found.result["status"] == "aborted", found.result
    assert found.names("upgraded") == [run.cluster.name, "replica"]
    assert found.versions() == {site.new}
    assert "The set can't go back" in found.result["summary"]
    assert found.result["resume"].startswith("trove-upgrade finalize --instance ")


def test_killed_while_aborted_members_are_rebuilt_the_run_ends_by_itself(site):
    with begun(site, pause_after="first") as run:
        run.until_paused()
        run.abort()
        kill_when(run, lambda: asked(run, "POST", "/instances"), "a member rebuilt",
                  lambda: len(statuses(run)) == 4)
    found = run.end()
    assert found.result["status"] == "aborted", found.result
    assert found.versions() == {site.old}
    assert len(asked(run, "POST", "/instances")) == 1
