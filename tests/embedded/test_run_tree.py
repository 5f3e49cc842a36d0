"""Which executions a run has called, by what a real Mistral tells of them, whatever they claim."""
import json
import warnings
from types import SimpleNamespace

import pytest

from tests.waits import until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import clients, executions, sessions
    from trove_upgrade.services.run_tree import RunTree, identity

ENTRY = """
version: '2.0'
tree.entry:
  tasks:
    one: {workflow: tree.part, on-success: many}
    many: {with-items: "number in [1, 2, 3]", workflow: tree.held, input: {number: <% $.number %>}}
"""
PART = """
version: '2.0'
tree.part:
  tasks:
    go: {action: std.noop}
"""
HELD = """
version: '2.0'
tree.held:
  input: [number: 0]
  tasks:
    wait: {action: std.noop, pause-before: true}
"""


@pytest.fixture(scope="module")
def run(engine):
    """A run whose three last steps wait, with its client."""
    from mistralclient.api import client
    mistral = client.client(mistral_url=engine.client_url)
    for text in (ENTRY, PART, HELD):
        mistral.workflows.create(text)
    started = mistral.executions.create("tree.entry").id
    until(lambda: len(_below(mistral, started, "many")) == 3)
    return mistral, started


def _below(mistral, run, name):
    """The executions that a task of this name has called."""
    tasks = [one for one in mistral.tasks.list(workflow_execution_id=run) if one.name == name]
    return [one.id for task in tasks for one in mistral.executions.list(task=task.id)]


@pytest.fixture
def held(run, monkeypatch):
    """Whether the run's tree holds an execution."""
    mistral, started = run
    monkeypatch.setattr(sessions, "service", lambda: None)
    monkeypatch.setattr(clients, "mistral", lambda actor: mistral)
    reader = executions.ExecutionReader(SimpleNamespace())
    begun = identity(reader.find(started))
    return lambda one: RunTree(reader, started, begun).holds(one)


def test_what_the_run_has_called_is_its_own(run, held):
    mistral, started = run
    assert held(started)
    assert all(map(held, [*_below(mistral, started, "one"), *_below(mistral, started, "many")]))


@pytest.mark.parametrize("workflow", ["tree.part", "tree.held"])
@pytest.mark.parametrize("task", ["one", "many", "wait", None])
def test_what_claims_to_be_called_is_not(run, held, task, workflow):
    mistral, started = run
    whose = _below(mistral, started, "many")[0] if task == "wait" else started
    parents = [one.id for one in mistral.tasks.list(workflow_execution_id=whose)
               if one.name == task]
    for index in (0, 1, 9):
        made = mistral.executions.create(workflow, root_execution_id=started, index=index,
                                         **({"task_execution_id": parents[0]} if task else {}))
        assert mistral.executions.get(made.id).root_execution_id == started
        assert not held(made.id)


def test_who_takes_the_id_of_a_deleted_step_or_run_is_neither(run, held):
    """Mistral's clients choose ids."""
    mistral, _ = run
    started = mistral.executions.create("tree.entry").id
    step = until(lambda: _below(mistral, started, "many"))[0]
    [many] = [one.id for one in mistral.tasks.list(workflow_execution_id=started)
              if one.name == "many"]
    reader = executions.ExecutionReader(SimpleNamespace())
    begun = identity(reader.find(started))
    assert RunTree(reader, started, begun).holds(step)
    claimed = {"root_execution_id": started, "task_execution_id": many, "index": 0}
    for one, params in ((step, claimed), (started, {})):
        mistral.executions.delete(one, force=True)
        made = mistral.executions.http_client.post("/executions", json.dumps({
            "id": one, "workflow_name": "tree.part", "params": params}))
        assert made.status_code == 201, made.text
        assert mistral.executions.get(one).workflow_name == "tree.part"
        assert not RunTree(reader, started, begun).holds(one)
