"""Executors put side by side: what differs, who is silent, and what a tenant is told."""
import datetime
import warnings
from types import SimpleNamespace

import pytest
from oslo_config import cfg
from trove_upgrade.interfaces import check_report
from trove_upgrade.planning.executors import compare
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.schemas import UpgradeError

from tests.unit.conftest import options, snapshot
from tests.unit.notes import Notes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions.self_check import CheckExecutor
    from trove_upgrade.services import config, differing, rights, self_check, sessions, trusts

GOOD = {"auth": "trust", "host": "a", "publishers": ["trove_upgrade"],
        "heartbeat_interval_sec": 5, "heartbeats_missed": 6, "first_heartbeat_sec": 45,
        "expire_every_min": None, "expire_older_min": None, "expire_above": None}
NOW = datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.UTC)


def answer(name="a", conf=GOOD, **changed):
    return {"executor": name, "package": "1.0", "drivers": {"redis": "", "galera": ""},
            "access": {"default": "0123"}, "clock_ahead_sec": 0.4,
            "settings": conf and conf | {"host": name}, "routes": {"mistral": ""},
            "upgrade_routes": None, "members": [], **changed}


def troubles(*answers, asks=None, **keywords):
    return compare([*answers], asks or len(answers), **keywords)["troubles"]


def test_equal_executors_are_no_trouble():
    found = compare([answer("a"), answer("b"), answer("a")], 3)
    assert (found["status"], found["troubles"], found["differing"]) == ("ok", [], [])
    assert found["answers"] == {"a": 2, "b": 1}
    assert found["summary"] == "2 executors answered 3 of 3 questions: no trouble."


@pytest.mark.parametrize(("changed", "what"), [
    ({"package": "0.9"}, "version of this package differ: a: 1.0; b: 0.9."),
    ({"drivers": {"redis": "trove-upgrade[redis]", "galera": ""}},
     "drivers that load differ: a: all; b: all but redis."),
    ({"access": {"default": "9999"}}, "access files differ: a: default 0123; b: default 9999."),
    ({"access": {}}, "access files differ: a: default 0123; b: none."),
    ({"members": [{"name": "m1", "address": "10.0.0.1:6379", "problem": "refused"}]},
     "members that they reach differ: a: all; b: all but m1."),
    ({"conf": GOOD | {"auth": "service"}}, "auth service")])
def test_whatever_differs_is_told_with_who(changed, what):
    found = compare([answer("a"), answer("b", **changed)], 2)
    assert what in found["troubles"][0]
    assert len(found["differing"]) == 1


def test_an_executor_that_hangs_or_is_missing_is_trouble():
    assert "1 of 3 questions were not answered" in troubles(answer(), answer(), asks=3)[0]
    assert troubles(answer("a"), answer("b"), expected=3) == [
        "3 executors were expected, and 2 answered. Are all up, and on the same broker? Ask more "
        "often (asks) where there are many."]
    assert "executors (0)" not in str(compare([answer()], 1, 1)["notes"])


def test_who_is_silent_is_not_known_without_a_number():
    assert "does not tell how many" in compare([answer()], 1)["notes"][0]
    assert compare([answer()], 1, 1)["notes"] == []


def test_an_error_in_the_place_of_an_answer_is_told_once():
    refused = {"code": "not_authenticated", "class": "stop", "instance": "", "message": "No."}
    assert troubles(answer(), refused, refused) == ["An executor can't answer: No."]


@pytest.mark.parametrize(("changed", "what"), [
    ({"clock_ahead_sec": -61.0}, "a: its clock is 61 s behind that of Mistral's API"),
    ({"routes": {"trove": "Trove's policy forbids it."}}, "trove: Trove's policy forbids it."),
    ({"members": [{"name": "m1", "address": "", "problem": "no address"}]},
     "a does not reach m1 at no address: no address"),
    ({"conf": GOOD | {"heartbeat_interval_sec": 20, "heartbeats_missed": 15}}, "after 300 s"),
    ({"conf": GOOD | {"first_heartbeat_sec": 3600}}, "after 3600 s"),
    ({"conf": GOOD | {"publishers": []}}, "The publisher trove_upgrade is not in")])
def test_what_is_wrong_with_all_is_trouble_too(changed, what):
    assert what in troubles(answer(**changed))[0]


def test_a_member_that_is_reached_now_and_then_is_trouble():
    member = {"name": "m1", "address": "10.0.0.1", "problem": "has not answered in time"}
    found = troubles(answer("a", members=[member]), answer("a", members=[member | {"problem": ""}]))
    assert found == ["a does not reach m1 at 10.0.0.1: has not answered in time"]


def test_two_executors_of_one_host_name_are_trouble():
    found = troubles(answer("a:1") | {"settings": GOOD}, answer("a:2") | {"settings": GOOD})
    assert found == ["2 executors have the same host 'a' in [executor]: give each a name of its "
                     "own."]


def test_deleted_executions_are_a_note():
    conf = GOOD | {"expire_every_min": 10, "expire_older_min": 60}
    assert "deleted after 60 minutes" in compare([answer(conf=conf)], 1, 1)["notes"][0]


def test_routes_that_are_not_there_are_a_note():
    found = compare([answer(upgrade_routes=False)], 1, 1)
    assert (found["status"], len(found["notes"])) == ("ok", 1)
    assert "trove-api has not this pack's routes" in found["notes"][0]


def test_table_shows_what_a_server_says_and_does_not_obey_it():
    found = compare([answer("a"), answer("b\x1b[31m", None, access=None, clock_ahead_sec=None)], 2)
    text = check_report.lines(found)
    assert text[0].split()[:2] == ["EXECUTOR", "PACKAGE"]
    assert "default 0123" in text[1] and "+0.4 s" in text[1]
    assert "\x1b" not in "".join(text)
    assert text[-1] == found["summary"]


@pytest.fixture
def service(monkeypatch):
    config.options()
    cfg.CONF.set_override("auth", "trust", group=config.GROUP)
    monkeypatch.setattr(sessions, "service", lambda region="": "service")
    notes = Notes()
    monkeypatch.setattr(differing, "Environments", lambda actor: notes)
    yield
    cfg.CONF.clear_override("auth", group=config.GROUP)


def test_that_they_differ_stands_in_plans_until_they_do_not(service, cluster):
    differing.keep("admin", ["clocks"], NOW)
    differing.keep("admin", ["access files", "clocks", "something made up"], NOW)
    note = differing.note("demo")
    assert note == ("Mistral's executors differ, as a check of 2026-11-30 12:00 UTC has found: "
                    "access files, clocks. Let the operator run trove-upgrade doctor.")
    now = snapshot(cluster, executors=note)
    assert note in make_plan(now, cluster.driver, options(), "owner-1")["notes"]
    differing.keep("admin", [], NOW)
    assert differing.note("demo") == ""


def test_a_note_of_the_callers_own_project_is_not_believed(service, monkeypatch):
    differing.keep("admin", ["clocks"], NOW)
    monkeypatch.setattr(sessions, "service", lambda region="": None)
    assert differing.note("demo") == ""


def context(**security):
    return SimpleNamespace(
        security=SimpleNamespace(**{"project_id": "p", "trust_id": None, "auth_token": "t",
                                    "is_target": False, **security}),
        execution=SimpleNamespace(workflow_execution_id="run"))


@pytest.mark.parametrize(("roles", "security", "is_operator"), [
    (["admin", "member"], {}, True), (["member"], {}, False), (["admin"], {"trust_id": "x"}, False),
    (["admin"], {"auth_token": None}, False), ([], {}, False)])
def test_only_an_administrator_learns_of_hosts_and_files(service, monkeypatch, roles, security,
                                                         is_operator):
    monkeypatch.setattr(trusts, "token_of", lambda token, service: {
        "roles": [{"name": one} for one in roles]})
    monkeypatch.setattr(rights, "acting", lambda context, run: "actor")
    monkeypatch.setattr(self_check, "clock_ahead", lambda actor: 0.0)
    monkeypatch.setattr(self_check, "access", lambda salt: {"secret-name": "0123"})
    asked = context(**security)
    assert rights.is_operator(asked) is is_operator
    found = CheckExecutor("run-1").act(asked)
    told = {found["executor"] == self_check.name(), found["settings"] is not None,
            found["access"] == {"secret-name": "0123"}}
    assert told == {is_operator}
    assert self_check.name().partition(":")[0] not in str(found) or is_operator


def test_an_executor_that_reaches_no_service_says_so_at_once(service, monkeypatch):
    def cut_off(context, run):
        error = UpgradeError("unreachable", "at https://keystone.internal", "retry")
        error.outage = True
        raise error
    monkeypatch.setattr(rights, "acting", cut_off)
    found = CheckExecutor("run-1").run(context())
    assert "can't be reached" in found["routes"]["mistral"]
    assert "keystone.internal" not in str(found)
    assert "mistral: " in compare([found], 1)["troubles"][0]


def test_a_driver_that_does_not_load_is_told_with_its_extra(monkeypatch):
    known = dict.fromkeys(("generic", "galera"))
    monkeypatch.setattr(self_check.datastores, "drivers", lambda: known)
    monkeypatch.setattr(self_check.datastores, "failures", lambda: {"acme": ImportError("/opt/x")})
    found = self_check.drivers()
    assert (found["galera"], found["redis"], found["acme"]) == (
        "", "trove-upgrade[redis]", "its package")


def test_access_files_are_told_by_name_and_fingerprint_alone(service, tmp_path):
    cfg.CONF.set_override("access_dir", str(tmp_path), group=config.GROUP)
    try:
        (tmp_path / "default.yaml").write_text("redis: {password: hunter2}")
        (tmp_path / "notes.txt").write_text("x")
        found = self_check.access("salt")
        assert [*found] == ["default"] and len(found["default"]) == 12
        assert found == self_check.access("salt") != self_check.access("other")
        assert "hunter2" not in str(found)
    finally:
        cfg.CONF.clear_override("access_dir", group=config.GROUP)
