"""Whose words a notification repeats: those of the run's own project and of the service user."""
import warnings
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; Mistral imports it
    from trove_upgrade.notifiers import notifications

MINE, OTHERS, SERVICE = "project-1", "project-2", "service-project"
PLAN = {"plan": {"cluster": {"name": "shop"}}}
DATA = {"id": "e", "workflow_name": "trove_upgrade.member", "project_id": MINE}


def wave(project_id, name):
    return SimpleNamespace(project_id=project_id, variables={"members": {"m": {"name": name}}})


@pytest.fixture
def database(monkeypatch):
    """One run of MINE, with a wave that the service user has written, and one of a stranger's."""
    task = SimpleNamespace(name="make_plan", state="SUCCESS", workflow_executions=[])
    monkeypatch.setattr(notifications.data_flow, "get_task_execution_result",
                        lambda task: PLAN["plan"])
    executions = {
        "e": SimpleNamespace(input={"run": "r", "member": "m"}, output={}),
        "r": SimpleNamespace(id="r", project_id=MINE, task_executions=[task])}
    made = SimpleNamespace(
        executions=executions, environments=[wave(OTHERS, "forged"), wave(SERVICE, "shop-1")],
        transaction=lambda read_only: nullcontext(), get_workflow_execution=executions.__getitem__,
        load_workflow_execution=executions.get)
    made.get_environments = lambda name: made.environments
    monkeypatch.setattr(notifications, "db_api", made)
    monkeypatch.setattr(notifications, "_all_projects", nullcontext)
    monkeypatch.setattr(notifications.sessions, "service",
                        lambda: SimpleNamespace(project_id=SERVICE))
    return made


def test_a_wave_counts_where_the_service_user_wrote_it(database):
    assert notifications._read("e", DATA)[2:] == (PLAN["plan"], {"name": "shop-1"})
    database.environments.pop()
    assert notifications._read("e", DATA)[2:] == (PLAN["plan"], None)


def test_without_a_service_user_that_of_the_runs_own_project_counts(database, monkeypatch):
    monkeypatch.setattr(notifications.sessions, "service", lambda: None)
    assert notifications._read("e", DATA)[3] is None
    database.environments.append(wave(MINE, "shop-2"))
    assert notifications._read("e", DATA)[3] == {"name": "shop-2"}


def test_a_keystone_that_is_away_holds_up_no_notification(database, monkeypatch):
    monkeypatch.setattr(notifications.sessions, "service", lambda: 1 // 0)
    assert notifications._read("e", DATA)[2:] == (PLAN["plan"], None)


@pytest.mark.parametrize("run", ["r", "none"])
def test_nothing_is_told_of_the_run_of_another_project(database, run):
    database.executions["e"].input["run"] = run
    assert notifications._read("e", DATA | {"project_id": OTHERS})[2:] == (None, None)
