"""The record of a run: written once, read by its id, and nothing is touched without it."""
import warnings

import pytest
from trove_upgrade.schemas import UpgradeError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import record, sessions


class Notes:
    """Mistral's environments."""

    kept: dict = {}

    def __init__(self, actor):
        self.kept = Notes.kept.setdefault(actor, {})

    def create(self, name, variables):
        return self.kept.setdefault(name, variables) is variables

    def read(self, name):
        return self.kept.get(name)

    def replace(self, name, variables):
        self.kept[name] = variables

    def delete(self, name):
        self.kept.pop(name, None)


@pytest.fixture(autouse=True)
def notes(monkeypatch):
    monkeypatch.setattr(Notes, "kept", {})
    monkeypatch.setattr(record, "_kept", {})
    monkeypatch.setattr(record, "Environments", Notes)
    monkeypatch.setattr(sessions, "service", lambda: None)


def test_what_an_earlier_try_has_written_stays():
    first, again = {"waves": [["m1"]]}, {"waves": [["m2"]]}
    assert record.Record("me", "run-1").keep(first) == first
    assert record.Record("me", "run-1").keep(again) == first
    assert record.Record("me", "run-1").plan() == first


@pytest.mark.parametrize("before", [False, True])
def test_a_run_without_a_record_touches_nothing(before):
    kept = record.Record("me", "run-1")
    if before:
        kept.keep({"waves": []})
        kept.plan()         # it is in memory now
        kept.drop()
    with pytest.raises(UpgradeError) as raised:
        kept.plan()
    assert (raised.value.code, raised.value.klass) == ("lock_lost", "stop")


def test_the_record_is_the_service_users_where_there_is_one(monkeypatch):
    monkeypatch.setattr(sessions, "service", lambda: "service")
    record.Record("me", "run-1").keep({"waves": []})
    assert list(Notes.kept) == ["service"]


def test_the_wave_in_hand_takes_the_place_of_the_last_one():
    kept = record.Record("me", "run-1")
    assert kept.wave()["members"] == {}
    for one in ("m1", "m2"):
        kept.choose({"members": {one: {}}, "peers": [], "unavailable": [one], "back": False})
    assert kept.wave()["unavailable"] == ["m2"]
