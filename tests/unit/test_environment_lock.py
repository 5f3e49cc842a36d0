"""The lock in one project's environments, under many that want it at once.

The environments here are a model: atomic creation by name and unconditional changes, as Mistral's,
with threads switched at every call. The real ones are raced in tests/cloud/test_lock.py.
"""
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from trove_upgrade.ownership import environment_lock
from trove_upgrade.schemas import UpgradeError

NAME = "trove_upgrade.lock.c1"


class Model:
    """Environments of one project."""

    def __init__(self):
        self.there, self.made = {}, {}
        self._alone = threading.Lock()

    def _switch(self):
        time.sleep(random.random() / 500)

    def create(self, name, variables):
        self._switch()
        with self._alone:
            if name in self.there:
                return False
            self.there[name], self.made[name] = dict(variables), time.monotonic()
            return True

    def read(self, name):
        self._switch()
        return self.there.get(name)

    def replace(self, name, variables):
        self._switch()
        assert name in self.there
        self.there[name] = dict(variables)

    def delete(self, name):
        self._switch()
        self.there.pop(name, None)

    def is_older(self, name, seconds):
        return name in self.made and time.monotonic() - self.made[name] > seconds


def record(owner):
    return {"owner": owner, "abort": False, "pause_after": None}


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def over():
    """Ids of the executions that are over."""
    return {"dead"}


def take(model, over, owner):
    """'' or who holds it."""
    try:
        environment_lock.EnvironmentLock(model, NAME, over.__contains__).take(record(owner))
    except UpgradeError as error:
        assert error.code == "locked"
        return error.message.split()[1]
    return ""


def race(model, over, owners):
    with ThreadPoolExecutor(len(owners)) as pool:
        return dict(zip(owners, pool.map(lambda one: take(model, over, one), owners), strict=True))


def assert_one_winner(model, answers):
    winner, = [owner for owner, holder in answers.items() if not holder]
    assert {holder for holder in answers.values() if holder} == {winner}
    assert model.there == {NAME: record(winner)}


@pytest.mark.parametrize("left", ["nothing", "a stale lock",
                                  "a stale lock and a takeover lock left over"])
@pytest.mark.parametrize("_", range(5))
def test_of_many_at_once_exactly_one_gets_it(model, over, left, _, monkeypatch):
    monkeypatch.setattr(environment_lock, "TAKEOVER_SEC", 0.5)
    monkeypatch.setattr(environment_lock, "PAUSE_SEC", 0.01)
    if left != "nothing":
        model.create(NAME, record("dead"))
    if left.endswith("over"):
        model.create(f"{NAME}.takeover.dead.0", {"owner": "dead"})
    assert_one_winner(model, race(model, over, [f"run{number}" for number in range(20)]))


def test_a_live_owner_keeps_it(model, over):
    assert take(model, over, "first") == ""
    assert set(race(model, over, [f"run{number}" for number in range(8)]).values()) == {"first"}


def test_a_repeated_try_gets_it_again_with_what_the_operator_has_asked(model, over):
    take(model, over, "first")
    model.there[NAME]["abort"] = True
    assert take(model, over, "first") == ""
    assert model.there[NAME]["abort"] is True


class Killed(BaseException):
    """An executor's end."""


def test_a_release_whose_executor_died_is_done_by_the_next_try(model, over, monkeypatch):
    """Not before it is certain that the first one changes nothing any more."""
    def die(name):
        raise Killed
    lock = environment_lock.EnvironmentLock(model, NAME, over.__contains__)
    take(model, over, "first")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(model, "delete", die)
        lock.release("first")
    with pytest.raises(UpgradeError) as again:
        lock.release("first")
    assert (again.value.code, again.value.klass) == ("locked", "retry")
    model.made = {name: made - environment_lock.TAKEOVER_SEC for name, made in model.made.items()}
    assert lock.release("first")
    assert model.there == {}
    assert not lock.release("first")


def test_release_and_takeover_at_once_end_with_one_owner(model, over):
    for _ in range(20):
        model.create(NAME, record("dead"))
        with ThreadPoolExecutor(4) as pool:
            for _ in range(2):
                lock = environment_lock.EnvironmentLock(model, NAME, over.__contains__)
                pool.submit(lock.release, "dead")
            answers = dict(zip("ab", pool.map(lambda one: take(model, over, one), "ab"),
                               strict=True))
        assert_one_winner(model, answers)
        model.there.clear()


def test_only_its_owner_gives_it_back(model, over):
    lock = environment_lock.EnvironmentLock(model, NAME, over.__contains__)
    lock.take(record("first"))
    assert not lock.release("second")
    assert lock.release("first")
    assert model.there == {}
