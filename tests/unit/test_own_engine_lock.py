"""An engine of one person's own takes Trove's task, too, where trove-api lets it."""
import warnings
from types import SimpleNamespace

import pytest
from trove_upgrade.schemas import UpgradeError

from tests.unit.test_set_lock import Notes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself: troveclient takes it along
    from trove_upgrade.ownership import lock as locks
    from trove_upgrade.services.trove_task import FREE, HELD, Hold

GRACE_SEC = 60


class Task:
    """Trove's task on the cluster: ``hold`` is None where trove-api has not the routes."""

    def __init__(self, hold):
        self.hold, self.given_back = hold, []

    def __call__(self, actor, cluster_id):
        return self

    def look(self):
        if isinstance(self.hold, UpgradeError):
            raise self.hold
        return self.hold

    def take(self, since=None, for_sec=0):
        assert since in (None, self.hold.since)
        self.hold = Hold(HELD, f"taken for {for_sec}", -float(for_sec))
        return self.hold

    def give_back(self, since, version_id=""):
        self.given_back.append((since, version_id))


@pytest.fixture
def lock_of(monkeypatch):
    notes = Notes()

    def made(hold, auth="cloud"):
        task = Task(hold)
        monkeypatch.setattr(locks, "TroveTask", task)
        monkeypatch.setattr(locks, "Environments", notes)
        monkeypatch.setattr(locks, "options", lambda: SimpleNamespace(
            auth=auth, start_grace_sec=GRACE_SEC))
        service = None if auth == "cloud" else "service"
        monkeypatch.setattr(locks.sessions, "service", lambda region="": service)
        monkeypatch.setattr(locks, "started_for", lambda cluster, since: "started-1")
        monkeypatch.setattr(locks.Lock, "_is_over", lambda self, run: run.startswith("ended"))
        monkeypatch.setattr(locks, "ExecutionReader", lambda actor: SimpleNamespace(
            is_open=lambda run: False))
        monkeypatch.setattr(locks, "_forget", lambda actor, run: None)
        return locks.Lock(SimpleNamespace(region=""), "c1", "p1"), task
    return made


def test_it_takes_the_task_for_long_and_gives_it_back_with_the_version(lock_of):
    lock, task = lock_of(Hold(FREE, "then", 5.0))
    assert lock.reach() == "trove"
    lock.take("run-1")
    assert task.hold.since == f"taken for {locks.LONGEST_SEC}"
    assert lock.holds_task("run-1")
    assert lock.release("run-1", "v2")
    assert task.given_back == [(f"taken for {locks.LONGEST_SEC}", "v2")]


@pytest.mark.parametrize("hold", [
    None, Hold(FREE, "then", 5.0, may_take=False),
    UpgradeError("not_allowed", "Trove's policy", "stop")])
def test_without_the_routes_or_the_right_it_says_so_and_does_without(lock_of, hold):
    lock, _ = lock_of(hold)
    assert lock.reach() == "project"
    if not isinstance(hold, UpgradeError):
        lock.take("run-1")
        assert not lock.holds_task("run-1")


@pytest.mark.parametrize("age_sec", [1.0, 86400.0])
def test_it_takes_over_no_hold_that_it_did_not_take(lock_of, age_sec):
    lock, task = lock_of(Hold(HELD, "then", age_sec))
    with pytest.raises(UpgradeError, match="Another upgrade seems to be under way") as refusal:
        lock.take("run-1")
    assert (refusal.value.code, refusal.value.klass) == ("locked", "stop")
    assert task.hold.since == "then"


def test_its_own_of_a_run_that_ended_it_takes_over(lock_of):
    lock, task = lock_of(Hold(FREE, "then", 5.0))
    lock.take("ended-1")
    lock.take("run-2")
    assert lock.holds_task("run-2")


@pytest.mark.parametrize(("age_sec", "taken"), [(-86400.0, False), (GRACE_SEC + 1.0, True)])
def test_a_service_leaves_it_to_the_engine_that_it_cannot_see(lock_of, age_sec, taken):
    lock, task = lock_of(Hold(HELD, "then", age_sec), auth="trust")
    if taken:           # a start that was given up
        lock.take("run-1")
        assert task.hold.since == "taken for 0"
        return
    with pytest.raises(UpgradeError, match="Another upgrade seems to be under way"):
        lock.take("run-1")
