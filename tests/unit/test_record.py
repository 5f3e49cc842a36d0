"""The record of a run: written once, read by its id, and nothing is touched without it."""
import collections
import warnings

import pytest
from trove_upgrade.schemas import UpgradeError

from tests.unit.notes import Notes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import record, sessions


@pytest.fixture(autouse=True)
def notes(monkeypatch):
    """By whose they are."""
    made = collections.defaultdict(Notes)
    monkeypatch.setattr(record, "_kept", {})
    monkeypatch.setattr(record, "Environments", made.__getitem__)
    monkeypatch.setattr(sessions, "service", lambda: None)
    return made


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


def test_nothing_is_left_of_a_run_that_is_over(notes):
    kept = record.Record("me", "run-1")
    kept.keep({"waves": []})
    kept.choose({"members": {}})
    notes["me"].create(record.QUEUE + "run-1", {"admitted": True})
    kept.drop()
    assert notes["me"].kept == {}


def test_the_record_is_the_service_users_where_there_is_one(monkeypatch, notes):
    monkeypatch.setattr(sessions, "service", lambda: "service")
    record.Record("me", "run-1").keep({"waves": []})
    assert list(notes) == ["service"]


def test_the_wave_in_hand_takes_the_place_of_the_last_one():
    kept = record.Record("me", "run-1")
    assert kept.wave()["members"] == {}
    for one in ("m1", "m2"):
        kept.choose({"members": {one: {}}, "peers": [], "unavailable": [one], "back": False})
    assert kept.wave()["unavailable"] == ["m2"]
