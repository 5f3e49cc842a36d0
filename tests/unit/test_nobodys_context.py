"""After a missed heartbeat Mistral's engine goes on without token and project: the run goes on."""
import json
import warnings
from importlib.metadata import entry_points
from types import SimpleNamespace

import pytest
from mistral_lib.actions.context import ActionContext, ExecutionContext, SecurityContext
from mistralclient.api.base import APIException
from oslo_config import cfg
from trove_upgrade.schemas import UpgradeError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import base
    from trove_upgrade.services import clients, config, rights, run_tree, sessions

ROWS = {        # id: (project, root, task that called it)
    "run": ("owner", None, None), "roll": ("owner", "run", "t-roll"),
    "member": (None, "run", "t-member"), "gate": (None, "run", "t-gate"),
    "alien": ("other", "run", None), "nobody": (None, None, None)}
WORKFLOW = "ours"
OURS = "trove_upgrade.watch_health"
CALLED = {"true": OURS, "ad-hoc": "trove_upgrade.finalize"}     # by which name, as Mistral tells
TASKS = {"t-roll": "run", "t-member": "roll", "t-gate": "member"}
DEFINITION = json.dumps({WORKFLOW: {"tasks": {one: {"workflow": WORKFLOW} for one in TASKS}}})


class Mistral:
    """Executions and tasks as the service user sees them."""

    def __init__(self):
        self.executions = self.tasks = self.workflows = self.action_executions = self

    def get(self, one):
        if one in CALLED:
            return SimpleNamespace(name=CALLED[one])
        if one == WORKFLOW:
            return SimpleNamespace(project_id=None, definition=DEFINITION)
        if one in TASKS:
            return SimpleNamespace(id=one, name=one, workflow_execution_id=TASKS[one],
                                   workflow_id=WORKFLOW, workflow_name=WORKFLOW,
                                   runtime_context={})
        if one not in ROWS:
            raise APIException(404, "no such execution")
        return self._row(one)

    def list(self, task, **_):
        return [self._row(one) for one, (*_, caller) in ROWS.items() if caller == task]

    def _row(self, one):
        project, root, task = ROWS[one]
        return SimpleNamespace(id=one, project_id=project, root_execution_id=root,
                               task_execution_id=task, workflow_id=WORKFLOW, created_at="now",
                               workflow_name=WORKFLOW, params={"index": 0})


@pytest.fixture(autouse=True)
def service(monkeypatch):
    config.options()
    cfg.CONF.set_override("auth", "trust", group=config.GROUP)
    service = sessions.Actor(None, "")
    monkeypatch.setattr(sessions, "service", lambda region="": service)
    monkeypatch.setattr(clients, "mistral", lambda actor: Mistral())
    for kept in ("_held", "_parents", "_makers", "_called", "_named"):
        monkeypatch.setattr(run_tree, kept, {})
    monkeypatch.setattr(rights, "find", lambda run: SimpleNamespace(
        project_id="owner", cluster_id="c", begun=f"now {WORKFLOW}", actor=lambda: service))
    yield
    cfg.CONF.clear_override("auth", group=config.GROUP)


def context(where, **security):
    return ActionContext(SecurityContext(**security),
                         ExecutionContext(where, action_execution_id="true"))


@pytest.mark.parametrize("where", ["run", "roll", "member", "gate"])
def test_a_step_that_the_engine_takes_for_nobody_is_of_its_callers_project(where):
    asked = context(where)
    rights.check_context(asked)
    rights.check_name(asked, OURS)
    assert asked.security.project_id == "owner"
    assert rights.acting(asked, "run", "c")


@pytest.mark.parametrize(("where", "security"), [
    ("member", {"auth_token": "of-no-project"}),         # came over the API
    ("member", {"project_id": "other", "auth_token": "t"}),
    ("alien", {}), ("nobody", {}), ("gone", {})])
def test_who_is_somebody_or_of_another_run_gets_no_rights_by_it(where, security):
    asked = context(where, **security)
    rights.check_context(asked)
    with pytest.raises(UpgradeError) as raised:
        rights.acting(asked, "run", "c")
    assert raised.value.code == "foreign_rights"


@pytest.mark.parametrize(("called", "klass"), [("ad-hoc", "stop"), ("gone", "retry")])
def test_an_action_is_what_the_step_calls_by_its_name(called, klass):
    """And no base of an ad-hoc action, which a reader of the project may have made."""
    asked = context("member", project_id="owner", auth_token="t", region_name="")
    asked.execution.action_execution_id = called
    with pytest.raises(UpgradeError) as raised:
        rights.check_name(asked, OURS)
    assert (raised.value.code, raised.value.klass) == ("foreign_rights", klass)


def test_every_action_knows_the_name_that_it_is_registered_by():
    found = [one for one in entry_points(group="mistral.actions")
             if one.name.startswith("trove_upgrade.")]
    assert len(found) > 15
    for one in found:
        ours = one.load()
        again = type(ours.__name__, (ours,), {"__module__": "mistral_lib"})  # an executor
        assert base._name_of(ours) == base._name_of(again) == one.name
