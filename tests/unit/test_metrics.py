"""What Prometheus is told: counted once, by bounded labels, and drawn by the dashboard."""
import json
import re
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
from mistralclient.api.base import APIException
from prometheus_client import CollectorRegistry, generate_latest
from trove_upgrade.interfaces.errors import Unreachable
from trove_upgrade.interfaces.exporter import LEAST_SEC, Exporter, Reader, Since
from trove_upgrade.interfaces.metrics import MOST, OTHER, Bounded, Metrics, Reading

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import record

ROOT = Path(__file__).parents[2]
PLAN = {"cluster": {"datastore": "redis"}, "to_version": {"number": "9.1.2"},
        "members": [{"id": one, "version": "8.1.8", "done": False} for one in "abc"]}


def execution(one="run", state="RUNNING", minute=0, **more):
    return {"id": one, "name": one, "workflow_name": "trove_upgrade.cluster", "state": state,
            "created_at": "2026-11-30 12:00:00", "updated_at": f"2026-11-30 12:{minute:02}:30",
            **more}


def reading(**given):
    empty = {"now": 1000.0, "upgrades": [], "ended": [], "tasks": [], "retried": [], "gates": 0,
             "members": [], "notes": {}}
    return Reading(**(empty | given))


def values(*readings):
    """Name with labels -> value, after these readings."""
    metrics = Metrics()
    for one in readings:
        metrics.take(one)
    return {(sample.name, *sample.labels.values()): sample.value
            for each in (*metrics.now, *metrics.ever) for family in each.collect()
            for sample in family.samples}


def test_names_of_records_are_those_of_the_services():
    from trove_upgrade.interfaces import metrics
    assert (metrics.RECORD, metrics.WAVE) == (record.RUN, record.WAVE)


def test_what_is_under_way_is_told_by_state_version_and_lock():
    found = values(reading(
        upgrades=[execution("one"), execution("two", "PAUSED"), execution("three")],
        gates=2, members=["trove_upgrade.member", "trove_upgrade.member_rollback"],
        notes={"trove_upgrade.lock.c1": ({"owner": "one"}, 900.0),
               "trove_upgrade.lock.c2": ({"owner": "two"}, 400.0),
               "trove_upgrade.lock.c2.takeover.x.0": ({"owner": "x"}, 1.0),
               "trove_upgrade.run.one": ({"plan": PLAN}, 900.0),
               "trove_upgrade.wave.one": ({"done": ["a"]}, 950.0),
               "trove_upgrade.run.gone": ({"plan": PLAN}, 1.0),
               "trove_upgrade.queue.one": ({"admitted": True}, 900.0),
               "trove_upgrade.queue.three": ({"admitted": False}, 900.0),
               "trove_upgrade.queue.gone": ({"admitted": False}, 1.0)}))
    assert found["trove_upgrade_upgrades", "running"] == 2
    assert found["trove_upgrade_upgrades", "paused"] == 1
    assert found["trove_upgrade_queue",] == 1
    assert found["trove_upgrade_members", "redis", "9.1.2"] == 1
    assert found["trove_upgrade_members", "redis", "8.1.8"] == 2
    assert found["trove_upgrade_members_under_way", "upgrade"] == 1
    assert found["trove_upgrade_members_under_way", "rollback"] == 1
    assert found["trove_upgrade_gates_waiting",] == 2
    assert (found["trove_upgrade_locks",], found["trove_upgrade_lock_age_seconds",]) == (2, 600)


def test_what_has_ended_is_counted_and_what_is_under_way_is_forgotten():
    ended = execution("one", "ERROR", output=json.dumps(
        {"status": "rolled_back", "errors": [{"code": "not_healthy"}, {"code": "not_healthy"}]}))
    task = execution("t1", "SUCCESS", minute=1)
    found = values(
        reading(upgrades=[execution("one")], gates=1,
                notes={"trove_upgrade.run.one": ({"plan": PLAN}, 900.0)}),
        reading(ended=[ended, execution("two", "CANCELLED")],
                tasks=[task | {"name": name} for name in ("upgrade_wave", "await_evidence",
                                                          "choose_wave", "report")],
                retried=[task | {"name": "trove_upgrade.await_evidence"}] * 3))
    assert found["trove_upgrade_ended_total", "rolled_back"] == 1
    assert found["trove_upgrade_ended_total", "cancelled"] == 1
    assert found["trove_upgrade_failures_total", "not_healthy"] == 2
    assert found["trove_upgrade_retries_total", "await_evidence"] == 3
    for name in ("wave", "member_away", "gate"):
        assert found[f"trove_upgrade_{name}_seconds_sum",] == 90
        assert found[f"trove_upgrade_{name}_seconds_bucket", "60.0"] == 0
        assert found[f"trove_upgrade_{name}_seconds_bucket", "120.0"] == 1
    assert found["trove_upgrade_gates_waiting",] == 0
    assert ("trove_upgrade_members", "redis", "8.1.8") not in found


@pytest.mark.parametrize("plan", [None, "text", [], {"members": 3}, {"members": [None]},
                                  {"members": [{"id": []}], "cluster": "x", "to_version": []}])
def test_a_record_that_makes_no_sense_is_no_reason_to_say_nothing(plan):
    values(reading(upgrades=[execution("one")],
                   notes={"trove_upgrade.run.one": ({"plan": plan}, 900.0)},
                   ended=[execution("two", "ERROR", output='{"errors": 7, "status": [1]}')]))


def test_labels_are_bounded_whatever_people_and_servers_say():
    bounded = Bounded()
    assert bounded('9.1.2"} 1\nup 5') == bounded("x" * 99) == bounded("") == OTHER
    told = {bounded(f"v{number}") for number in range(10 * MOST)}
    assert len(told) == MOST + 1 and OTHER in told
    assert bounded("v1") == "v1"


class Rows:
    """Rows of a table that Mistral's API filters by their time."""

    def __init__(self):
        self.rows = []

    def __call__(self, updated_at="gte:", limit=None, **_):
        found = [one for one in self.rows if one["updated_at"] >= updated_at.removeprefix("gte:")]
        return sorted(found, key=lambda one: one["updated_at"], reverse=bool(limit))[:limit]


def test_each_end_is_counted_once_and_none_from_before():
    rows = Rows()
    rows.rows = [execution("old", minute=1), execution("older", minute=0)]
    since = Since(rows)
    since.begin()
    assert since.read() == []
    rows.rows.append(execution("late", minute=1))        # it bears the time of one that was seen
    assert [one["id"] for one in since.read()] == ["late"]
    rows.rows.append(execution("new", minute=9))
    assert [one["id"] for one in since.read()] == ["new"]
    assert since.read() == []
    assert {*since._seen} == {"new"}


def test_the_first_end_of_an_empty_mistral_is_counted():
    rows = Rows()
    since = Since(rows)
    since.begin()
    rows.rows.append(execution("first"))
    assert [one["id"] for one in since.read()] == ["first"]


class Client:
    """A Mistral with nothing in it, in which one project's environments are seen by another."""

    def __init__(self, admin=True):
        self.admin, self.asked = admin, []
        self.executions = self.tasks = self.action_executions = SimpleNamespace(list=self._list)
        self.environments = SimpleNamespace(list=lambda: [
            SimpleNamespace(name="trove_upgrade.lock.c", variables={"owner": one},
                            created_at="2026-11-30 12:00:00", project_id=one)
            for one in ("ours", "theirs", "theirs")])

    def _list(self, all_projects=False, **filters):
        if all_projects and not self.admin:
            raise APIException(403, "forbidden")
        self.asked.append(all_projects)
        return []


@pytest.mark.parametrize("admin", [True, False])
def test_who_is_no_administrator_reads_of_his_own_project(admin):
    client = Client(admin)
    found = Reader(client, "ours").read()
    assert (True in client.asked) is admin
    assert found.notes == {"trove_upgrade.lock.c": ({"owner": "ours"}, 1796040000.0)}


def test_while_mistral_is_away_only_what_was_counted_is_told(monkeypatch):
    clock, fails = [0.0], []
    monkeypatch.setattr("time.monotonic", lambda: clock[0])

    class Sometimes:
        def read(self):
            if fails:
                raise Unreachable("away")
            return reading(upgrades=[execution()], ended=[execution("e", "SUCCESS")])
    registry = CollectorRegistry()
    registry.register(Exporter(Sometimes()))

    def text():
        clock[0] += LEAST_SEC
        return generate_latest(registry).decode()
    assert "trove_upgrade_up 1.0" in (first := text())
    assert 'trove_upgrade_upgrades{state="running"} 1.0' in first
    fails.append(True)
    assert "trove_upgrade_up 0.0" in (second := text())
    assert "trove_upgrade_upgrades{" not in second
    assert 'trove_upgrade_ended_total{status="success"} 1.0' in second


def metric_names():
    """Of every sample that the exporter can give, without a histogram's endings."""
    metrics = Metrics()
    return {family.name + ("_total" if family.type == "counter" else "")
            for each in (metrics.up, *metrics.now, *metrics.ever) for family in each.collect()}


def used_in(text):
    return {re.sub(r"_(bucket|sum|count)$", "", name)
            for name in re.findall(r"\btrove_upgrade_[a-z_]+", text)}


def test_dashboard_shows_each_metric_and_no_other():
    board = json.loads((ROOT / "docs/grafana.json").read_text(encoding="utf-8"))
    shown = used_in(" ".join(target["expr"] for panel in board["panels"]
                             for target in panel["targets"]))
    assert shown == metric_names()


def test_alerts_and_the_table_of_metrics_name_what_there_is():
    page = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    table = set(re.findall(r"^\| `(trove_upgrade_[a-z_]+)`", page, re.MULTILINE))
    assert table == metric_names()
    alerts = (ROOT / "docs/examples/alerts.yaml").read_text(encoding="utf-8")
    assert used_in(alerts) <= metric_names() and used_in(alerts)
