"""kill -9 of the engine in the middle of an upgrade, then a start on the same file."""
from tests.end_to_end.invariants import assert_invariants, assert_replicas_first
from tests.end_to_end.site import ALL, NEW, OLD

LAB: dict = {}
XDIST_GROUP = "lab killed"               # an engine of their own: it is killed


def test_engine_killed_and_started_again_twice_finishes_by_itself(site, cluster):
    """While a member is unavailable, and between two members."""
    with site.load(cluster) as load:
        run = site.begin(cluster)
        for moment, number in (("stopping", 2), ("serving", 4)):
            run.until_event(moment, number)
            site.restart_engine()
        found = run.end()
        found.load = load.stop()
    assert_invariants(found)
    assert_replicas_first(found)
    assert found.result["status"] == "upgraded", found.result["summary"]
    assert found.forward() == ALL
    assert found.versions() == {NEW}


def test_engine_killed_while_it_undoes_finishes_that(site, cluster):
    site.break_member(cluster, "does_not_start", 5)
    run = site.begin(cluster)
    run.until(lambda: any(one["event"] == "stopping" and one["wanted"] == OLD
                          for one in run.journal()), "the first undoing")
    site.restart_engine()
    found = run.end()
    assert_invariants(found)
    assert found.result["status"] == "rolled_back", found.result["summary"]
    assert found.versions() == {OLD}


def test_paused_run_stays_paused_over_a_kill(site, cluster):
    run = site.begin(cluster, pause_after="first", parallelism="domain")
    paused = run.until_paused()
    site.restart_engine()
    assert run.state == "PAUSED"
    assert run.outcome().lock == paused.lock
    run.resume()
    found = run.end()
    assert_invariants(found, 3)
    assert found.result["status"] == "upgraded"
