"""After a missed heartbeat Mistral's engine goes on without token and project: the run goes on."""
import json
import warnings
from types import SimpleNamespace

import pytest
from mistral_lib.actions.context import ActionContext, ExecutionContext, SecurityContext
from mistralclient.api.base import APIException
from oslo_config import cfg
from trove_upgrade.schemas import UpgradeError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import clients, config, rights, run_tree, sessions

ROWS = {        # id: (project, root, task that called it)
    "run": ("owner", None, None), "roll": ("owner", "run", "t-roll"),
    "member": (None, "run", "t-member"), "gate": (None, "run", "t-gate"),
    "alien": ("other", "run", None), "nobody": (None, None, None)}
WORKFLOW = "ours"
TASKS = {"t-roll": "run", "t-member": "roll", "t-gate": "member"}
DEFINITION = json.dumps({WORKFLOW: {"tasks": {one: {"workflow": WORKFLOW} for one in TASKS}}})


class Mistral:
    """Executions and tasks as the service user sees them."""

    def __init__(self):
        self.executions = self.tasks = self.workflows = self

    def get(self, one):
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
    for kept in ("_held", "_parents", "_makers", "_called"):
        monkeypatch.setattr(run_tree, kept, {})
    monkeypatch.setattr(rights, "find", lambda run: SimpleNamespace(
        project_id="owner", cluster_id="c", begun=f"now {WORKFLOW}", actor=lambda: service))
    yield
    cfg.CONF.clear_override("auth", group=config.GROUP)


def context(where, **security):
    return ActionContext(SecurityContext(**security), ExecutionContext(where))


@pytest.mark.parametrize("where", ["run", "roll", "member", "gate"])
def test_a_step_that_the_engine_takes_for_nobody_is_of_its_callers_project(where):
    asked = context(where)
    rights.check_context(asked)
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
