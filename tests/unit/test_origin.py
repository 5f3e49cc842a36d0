"""What a member goes back to: never the target, and never another version of the same name."""
import pytest
from trove_upgrade.datastores.base import Facts, Member
from trove_upgrade.planning.checks import run_checks
from trove_upgrade.planning.evidence import asked_already
from trove_upgrade.planning.snapshot import ClusterSnapshot, is_done
from trove_upgrade.planning.versions import recorded


def version(number, name=""):
    return {"id": f"id-{number}", "name": name or number, "number": number}


TARGET = version("9.1.2")


def snapshot(member, own, versions=(), retired=(), target=TARGET, built="8.1.8"):
    facts = {"m1": Facts("m1", "orders-1", answers=bool(own), version=own)}
    return ClusterSnapshot({"id": "c", "name": "orders", "datastore": "redis",
                            "datastore_version": built, "task": "NONE"},
                           [member], [*versions, target], target, facts, retired=list(retired))


def member(version, number=""):
    return Member("m1", "orders-1", "192.0.2.1", "ACTIVE", version, number=number)


def check(now):
    class Driver:
        def __getattr__(self, name):
            return lambda *given: [] if name.startswith("checks") else ""
    checks = run_checks(now, Driver(), [["m1"]], ())
    return next(one for one in checks if one["name"] == "origin_known")


def test_a_version_that_is_not_offered_any_more_is_still_the_origin():
    now = snapshot(member("8.1.8"), "8.1.8", retired=[version("8.1.8")])
    assert now.origin(member("8.1.8"))["id"] == "id-8.1.8"
    assert check(now)["ok"]


@pytest.mark.parametrize("own", ["8.1.8", "", "9.1.2", "7.0"])
def test_without_an_origin_the_run_is_refused_and_nothing_takes_its_place(own):
    one = member("8.1.8")
    now = snapshot(one, own)
    assert now.known_origin(one) is None
    assert now.origin(one)["id"] == ""
    assert not check(now)["ok"]
    assert "orders-1 (8.1.8)" in check(now)["message"]


LTS = [version("8.1.7", "lts"), version("8.1.8", "lts")]


@pytest.mark.parametrize(("number", "own", "found"), [
    ("8.1.8", "8.1.8", "id-8.1.8"),     # Trove's number tells it
    ("8.1.8", "", "id-8.1.8"),
    ("", "8.1.8", "id-8.1.8"),          # an older Trove has none; the server does
    ("", "8.1.7", "id-8.1.7"),
    ("", "", None),                     # nobody tells
    ("8.1.9", "", None)])
def test_versions_of_one_name_are_told_apart(number, own, found):
    one = member("lts", number)
    now = snapshot(one, own, LTS, target=version("9.1.2", "lts"), built="lts")
    assert (now.known_origin(one) or {}).get("id") == found
    assert check(now)["ok"] == bool(found)


def test_a_failed_attempt_has_overwritten_the_record():
    one = member("9.1.2", "9.1.2")
    for own in ("8.1.8", "", "9.1.2"):
        now = snapshot(one, own, [version("8.1.7"), version("8.1.8")])
        assert now.origin(one)["id"] == "id-8.1.8"


@pytest.mark.parametrize(("number", "done"), [("8.1.8", False), ("9.1.2", True), ("", True)])
def test_the_name_alone_does_not_make_a_member_done(number, done):
    facts = {"m1": Facts("m1", "orders-1", answers=True, version="9.1.2")}
    assert is_done(member("lts", number), facts, version("9.1.2", "lts")) is done


def test_a_request_is_known_by_the_number_too():
    before, after = member("lts", "8.1.8"), member("lts", "9.1.2")
    wanted, wave = version("9.1.2", "lts"), {"recorded": recorded(before)}
    assert not asked_already(wave, before, wanted)
    assert asked_already(wave, after, wanted)


def test_one_that_is_on_its_way_to_the_target_goes_on_without_an_origin():
    one = member("9.1.2", "9.1.2")
    now = snapshot(one, "", built="9.1.2")
    assert now.origin(one)["id"] == ""
    assert check(now)["ok"]
