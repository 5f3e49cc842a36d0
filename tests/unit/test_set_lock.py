"""The lock of a replication set, whose identity can change when a member is rebuilt."""
import warnings

import pytest
from trove_upgrade.ownership.environment_lock import EnvironmentLock
from trove_upgrade.schemas import UpgradeError

from tests.unit.test_environment_lock import Model

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself: troveclient takes it along
    from trove_upgrade.ownership import lock as locks


class Notes(Model):
    """One project's environments, with the listing that the lock asks for."""

    def __call__(self, actor):
        return self

    def named(self, prefix):
        return {name: found for name, found in self.there.items() if name.startswith(prefix)}


@pytest.fixture
def notes(monkeypatch):
    made = Notes()
    monkeypatch.setattr(locks, "Environments", made)
    monkeypatch.setattr(locks.sessions, "service", lambda: None)
    monkeypatch.setattr(locks.Lock, "_is_over", lambda self, run: run.startswith("ended"))
    monkeypatch.setattr(locks, "_forget", lambda actor, run: None)
    return made


def taken(cluster_id, owner, *members):
    lock = locks.Lock("demo", cluster_id, "p1")
    lock.take(owner, "", members)
    return lock


def test_a_set_is_found_locked_under_another_identity(notes):
    """The oldest member was rebuilt: the others now make up the set's name."""
    taken("a", "run-1", "a", "b", "c")
    with pytest.raises(UpgradeError) as refusal:
        taken("b", "run-2", "b", "c", "x")
    assert (refusal.value.code, refusal.value.klass) == ("locked", "stop")
    assert "run-1" in refusal.value.message
    assert set(notes.there) == {"trove_upgrade.lock.a"}, "what was taken is given back"


def test_a_lock_whose_owner_is_over_and_other_sets_do_not_hold_it_off(notes):
    taken("a", "ended-1", "a", "b")
    taken("y", "run-3", "y", "z")
    assert taken("b", "run-2", "b", "x").read()["members"] == ["b", "x"]


def test_taking_it_again_is_no_overlap_with_itself(notes):
    taken("a", "run-1", "a", "b")
    assert taken("a", "run-1", "a", "b").read()["owner"] == "run-1"
    assert isinstance(locks.Lock("demo", "a", "p1")._environment_locks()[0], EnvironmentLock)
