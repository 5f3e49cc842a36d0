"""One upgrade of a cluster at a time, whoever asks and however; and never locked for ever."""
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from trove_upgrade.interfaces.embedded_run import connected
from troveclient.apiclient.exceptions import UnprocessableEntity

from tests.cloud.runs import ENDED, NEW, OLD, QUICK, SHARED, Runs
from tests.waits import PATIENCE_SEC, TIMEOUT_SEC, until

CLOUD = SHARED
XDIST_GROUP = "cloud 2"
STARTS = 50


@pytest.fixture
def demo(cloud):
    return Runs(cloud)


def race(demo, cluster, number):
    """Ask ``number`` times at once, by REST and by Mistral in turn: [answers], [executions]."""
    with ThreadPoolExecutor(number) as pool:
        asked = [pool.submit(demo.ask if one % 2 else demo.start, cluster)
                 for one in range(number)]
        found = [one.result() for one in asked]
    return found[1::2], found[0::2]


def test_of_fifty_starts_at_once_exactly_one_wins(demo, wide_cluster):
    answers, runs = race(demo, wide_cluster, STARTS)
    accepted = [one for one in answers if one.status_code == 202]
    assert len(accepted) <= 1
    runs += [one.headers["Location"].rsplit("/", 1)[-1] for one in accepted]
    ends = {run: demo.end(run) for run in runs}
    winner, = [run for run, (state, _, _) in ends.items() if state == "SUCCESS"]
    assert ends[winner][2]["status"] == "upgraded"
    for run in set(runs) - {winner}:
        state, info, output = ends[run]
        assert (state, output["status"]) == ("ERROR", "refused")
        assert f"Execution {winner} upgrades this cluster" in info
    for one in answers:
        if one.status_code != 202:
            assert one.status_code == 422
            assert "upgrade" in one.text
    assert len(demo.events(wide_cluster, "stopping")) == 6
    demo.assert_given_back(wide_cluster, winner)
    assert demo.version(wide_cluster) == NEW
    demo.assert_no_trust()


def test_a_paused_owner_keeps_the_cluster_and_one_that_is_gone_loses_it(demo, wide_cluster):
    paused = demo.start(wide_cluster, pause_after="first")
    demo.until_paused(paused)
    answer, (_, info, output) = demo.ask(wide_cluster), demo.end(demo.start(wide_cluster))
    assert answer.status_code == 422
    assert f"Execution {paused} upgrades this cluster. Wait for it, or abort it." in answer.text
    assert output["status"] == "refused"
    assert f"Execution {paused} upgrades this cluster. Wait for it, or abort it." in info
    demo.mistral.executions.delete(paused, force=True)       # no word to anybody
    demo.until_at_rest(wide_cluster)
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: demo.start(wide_cluster), range(8)))
    ends = {run: demo.end(run) for run in runs}
    winner, = [run for run in runs if ends[run][2]["status"] == "upgraded"]
    assert all(f"Execution {winner} upgrades" in ends[run][1] for run in runs if run != winner)
    demo.assert_given_back(wide_cluster, winner)
    assert demo.notes(wide_cluster, paused) == []
    demo.assert_no_trust()


@pytest.mark.parametrize("state", ["CANCELLED", "ERROR"])
def test_an_ended_run_gives_task_lock_and_trust_back(demo, cluster, state):
    run = demo.asked(cluster) if state == "ERROR" else demo.start(cluster)
    demo.until_event(cluster, "stopping")
    assert demo.task(cluster) == "UPGRADING_CLUSTER"
    demo.mistral.executions.update(run, state)
    demo.assert_given_back(cluster, run)
    demo.assert_no_trust()
    assert demo.version(cluster) == OLD
    demo.until_at_rest(cluster)
    assert demo.end(demo.start(cluster))[2]["status"] == "upgraded"


def test_trove_is_held_off_and_a_rollback_leaves_its_version(demo, cluster):
    demo.cloud.lab.faults.member("never_starts", f"{cluster.name}-member-1", version=NEW)
    run = demo.start(cluster, member_timeout_sec=TIMEOUT_SEC)
    demo.until_event(cluster, "stopping")
    with pytest.raises(UnprocessableEntity):
        demo.cloud.trove().clusters.delete(cluster.id)
    _, info, output = demo.end(run)
    assert output["status"] == "rolled_back", info
    demo.assert_given_back(cluster, run)
    assert demo.version(cluster) == OLD
    assert demo.versions(cluster) == {OLD}


def test_another_project_is_named_the_owner_too(demo, cluster):
    run = demo.start(cluster, pause_after="first")
    demo.until_paused(run)
    _, info, output = Runs(demo.cloud, "admin").end(Runs(demo.cloud, "admin").start(cluster))
    assert output["status"] == "refused"
    assert f"Execution {run} upgrades this cluster" in info
    demo.abort(run)
    assert demo.end(run)[2]["status"] == "aborted"
    demo.assert_given_back(cluster, run)


@pytest.mark.parametrize("user", ["admin", "demo"])
def test_an_engine_of_ones_own_and_the_service_are_never_on_one_cluster(demo, cluster, tmp_path,
                                                                        user):
    """Who may hold clusters keeps the service off; who may not is kept off by it."""
    with connected(tmp_path / "engine", env=os.environ | demo.cloud.env(user),
                   access_dir=demo.cloud.access_dir) as (own, _):
        wanted = {**QUICK, "cluster_id": cluster.id, "pause_after": "first"}
        if user == "admin":
            first = own.start(wanted)
            until(lambda: own.progress(first).state == "PAUSED", "the embedded engine's pause")
            assert demo.task(cluster) == "UPGRADING_CLUSTER"
            answer, (_, info, output) = demo.ask(cluster), demo.end(demo.start(cluster))
            assert (answer.status_code, output["status"]) == (422, "refused")
            assert "Another upgrade seems to be under way" in answer.text
            assert "Another upgrade seems to be under way" in info
            own.abort(first)
            until(lambda: own.progress(first).ended, "the end of the embedded engine's")
        else:
            first = demo.start(cluster, pause_after="first")
            demo.until_paused(first)
            second = own.start(wanted)
            until(lambda: own.progress(second).ended, "the end of the embedded engine's")
            look = own.progress(second)
            assert look.result["status"] == "refused"
            assert "Another upgrade seems to be under way" in look.message
            demo.abort(first)
            demo.end(first)
    demo.assert_given_back(cluster, first)


def test_mistral_killed_right_after_a_start_leaves_nothing_locked(demo, cluster):
    run = demo.asked(cluster)
    demo.cloud.engine.kill()
    demo.cloud.engine.start(PATIENCE_SEC)
    until(lambda: demo.state(run) in ENDED, "the end")
    demo.assert_given_back(cluster, run)
    if demo.versions(cluster) != {NEW}:
        assert demo.end(demo.start(cluster))[2]["status"] == "upgraded"
