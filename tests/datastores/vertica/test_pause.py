"""A pause inside Vertica's only wave, when the database is shut down; on the nodes' doubles."""
import pytest
from trove_upgrade.lab.kinds.vertica.kind import VerticaKind

from tests.waits import until

XDIST_GROUP = "vertica"
LAB = {"kind": "vertica", "heartbeat_sec": 1}


@pytest.fixture
def run(site):
    """An upgrade whose wave has begun: the database is about to be shut down."""
    with site.cluster() as cluster:
        begun = site.begin(cluster, skip_checks=VerticaKind.consent)
        until(lambda: site.mistral.executions.list(
            root_execution_id=begun.id, workflow_name="trove_upgrade.member"), "the wave",
            every=0.02)
        yield begun


def at_work(site, *names):
    """The actions of these names that run now."""
    found = site.mistral.action_executions.list(state="RUNNING")
    return [one for one in found if one.name in names]


def serving(run):
    """Members whose own servers answer."""
    return [one.name for one in run.site.lab.members(run.cluster) if one.version]


def requests(run):
    """Members that Trove was asked to upgrade."""
    return {one["path"] for one in run.outcome().calls if one["method"] == "PATCH"}


def assert_upgraded(run):
    found = run.end()
    assert found.result["status"] == "upgraded", found.result
    assert found.versions() == {run.target}
    assert all(one.cluster_ok for one in found.after)


def pause_at_the_shutdown(run):
    """Mistral's pause, again and again until one meets the steps that shut the database down."""
    while True:
        run.set_state("PAUSED")
        until(lambda: not at_work(run.site, "trove_upgrade.switchover"), "what runs")
        if len(serving(run)) < len(run.before):
            return
        run.set_state("RUNNING")


def test_mistrals_pause_at_the_shutdown_leaves_the_database_down_until_it_is_resumed(run):
    pause_at_the_shutdown(run)
    run.until(lambda: not serving(run), "the shutdown")
    assert run.state == "PAUSED"
    assert requests(run) == set()
    run.resume()
    assert_upgraded(run)


def test_the_products_own_pause_holds_when_the_database_is_up_again(run):
    run.pause()
    paused = run.until_paused()
    assert paused.state == "PAUSED"
    assert paused.versions() == {run.target}
    run.resume()
    assert_upgraded(run)
