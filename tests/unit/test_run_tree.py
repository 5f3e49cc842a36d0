"""Which executions a run has called, by what Mistral tells: never by what they claim themselves."""
import json
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from trove_upgrade.workflows import paths

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import run_tree
    from trove_upgrade.services.executions import ExecutionReader

OURS = {"cluster": "", "upgrade": "", "roll": "", "trove_upgrade.datastore.redis": "",
        "undo": "", "evil": "p1"}     # workflow -> its project
FLOW = {"tasks": {"t1": {"workflow": "upgrade"}, "t2": {"workflow": "roll"},
                  "branch": {"workflow": "<% concat('trove_upgrade.datastore.', $.brief.x) %>"},
                  "lone": {"workflow": "roll"}, "action": {"action": "std.noop"},
                  "own": {"workflow": "roll"}, "a": {"workflow": "roll"},
                  "b": {"workflow": "roll"}}}
LATER = "2026-01-01 00:00:09"


class Mistral:
    """A run with two steps below it; more executions and tasks can be added."""

    def __init__(self):
        self.executions, self.tasks = {}, {}
        self.add("run", "cluster", "")
        self.call("t1", "run")
        self.add("body", "upgrade", "t1")
        self.call("t2", "body", count=2)
        self.add("first", "roll", "t2")
        self.add("second", "roll", "t2", index=1)

    def add(self, one, workflow, task, index=0, created="2026-01-01 00:00:00", project="p1",
            named=""):
        self.executions[one] = SimpleNamespace(
            id=one, workflow_id=workflow, workflow_name=named or workflow,
            task_execution_id=task or None, project_id=project, root_execution_id="run",
            created_at=created, params=json.dumps({"index": index}))

    def call(self, task, execution, count=None):
        context = {"with_items": {"count": count}} if count else {}
        self.tasks[task] = SimpleNamespace(
            id=task, name=task, workflow_execution_id=execution, workflow_id="cluster",
            workflow_name="cluster", runtime_context=json.dumps(context))

    project = ExecutionReader.project

    def find(self, one):
        return self.executions.get(one)

    def task(self, one):
        return self.tasks.get(one)

    def workflow(self, one):
        return SimpleNamespace(project_id=OURS[one] or None, definition=json.dumps(
            {"version": "2.0", "cluster": FLOW})) if one in OURS else None

    def children(self, task):
        return [one for one in self.executions.values() if one.task_execution_id == task]


@pytest.fixture
def mistral(monkeypatch):
    for kept in ("_held", "_parents", "_makers", "_called", "_named"):
        monkeypatch.setattr(run_tree, kept, {})
    return Mistral()


def held(mistral, one, begun=""):
    return run_tree.RunTree(mistral, "run", begun).holds(one)


def test_what_the_run_has_called_is_its_own(mistral):
    assert all(held(mistral, one) for one in ("run", "body", "first", "second"))


def test_a_definition_is_read_once_for_all_that_its_task_calls(mistral, monkeypatch):
    assert held(mistral, "first")
    monkeypatch.setattr(mistral, "workflow", lambda one: pytest.fail(f"{one} is asked for again"))
    assert held(mistral, "second")


@pytest.mark.parametrize("claim", [
    {"task": ""}, {"task": "nowhere"}, {"task": "t1"}, {"task": "t2"}, {"task": "t2", "index": 1},
    {"task": "t2", "index": 2}, {"task": "t2", "index": -1}, {"task": "t2", "index": True},
    {"task": "t2", "index": "0"}, {"task": "t2", "index": [0]}, {"task": "t2", "index": None},
    {"task": "action"}, {"task": "lone", "workflow": "undo"}, {"task": "branch"},
    {"task": "own"}, {"task": "lone", "workflow": "evil", "named": "roll"},
    {"task": "lone", "workflow": "deleted"}, {"task": "lone", "project": "p2"}],
    ids=lambda claim: " ".join(map(str, claim.values())))
def test_what_only_claims_it_is_not(mistral, claim):
    """Below a task that has called another, or none; or as another tenant, or another workflow."""
    mistral.call("action", "body")
    mistral.call("lone", "body")
    mistral.call("branch", "body")
    mistral.add("guest", "evil", "")
    mistral.call("own", "guest")
    mistral.add("forged", **{"workflow": "roll", "created": LATER, **claim})
    assert not held(mistral, "forged")
    assert held(mistral, "first"), "and takes nothing from who has been called"
    assert held(mistral, "second")


def test_two_of_one_moment_in_one_place_are_both_not_believed(mistral):
    mistral.add("forged", "roll", "t1")
    assert not held(mistral, "forged")
    assert not held(mistral, "body")


def test_executions_that_name_each_other_have_no_end_and_no_run(mistral):
    mistral.call("a", "y")
    mistral.call("b", "x")
    mistral.add("x", "roll", "a")
    mistral.add("y", "roll", "b")
    assert not held(mistral, "x")


def test_the_branch_of_a_datastore_is_called_by_an_expression(mistral):
    mistral.call("branch", "body")
    mistral.add("redis", "trove_upgrade.datastore.redis", "branch")
    assert held(mistral, "redis")


BEGUN = "2026-01-01 00:00:00 cluster"


@pytest.mark.parametrize("again", [{"created": LATER}, {"workflow": "evil"}])
def test_who_deletes_a_run_and_takes_its_id_is_not_the_run(mistral, again):
    """Nor is what he calls there, and what was proven before of another."""
    assert all(held(mistral, one, BEGUN) for one in ("run", "body", "first"))
    mistral.add("run", **{"workflow": "cluster", "task": "", **again})
    mistral.executions["body"].created_at = LATER       # with the run all below it is deleted
    assert not held(mistral, "run", BEGUN)
    assert not held(mistral, "body", BEGUN)


def test_who_deletes_a_step_and_takes_its_id_is_not_the_step(mistral):
    assert held(mistral, "first", BEGUN)
    mistral.add("first", "evil", "t2", created=LATER)
    assert not held(mistral, "first", BEGUN)


def test_an_execution_that_is_not_there_is_no_run(mistral):
    mistral.executions.clear()
    assert not held(mistral, "run", BEGUN)
    assert not held(mistral, "first", BEGUN)


def test_what_was_proven_once_is_not_asked_again(mistral):
    assert held(mistral, "first")
    mistral.tasks.clear()
    assert held(mistral, "first")


def test_the_members_of_a_wave_are_listed_once(mistral):
    listed, children = [], mistral.children
    mistral.children = lambda task: [listed.append(task), children(task)][1]
    assert held(mistral, "first")
    assert held(mistral, "second")
    assert listed == ["t2", "t1"]


def test_every_call_in_our_workflows_is_understood():
    """By the definition as Mistral shows it."""
    texts = [Path(path).read_text() for path in paths()]
    flows = {name: (text, body) for text in texts for name, body in yaml.safe_load(text).items()
             if name != "version"}
    calls = 0
    for name, (text, body) in flows.items():
        reader = SimpleNamespace(workflow=lambda _, text=text: SimpleNamespace(definition=text))
        for task, said in body["tasks"].items():
            called = {other for other in flows if run_tree.RunTree(reader, "run")._calls(
                SimpleNamespace(workflow_id=name, workflow_name=name, name=task), other)}
            calls += bool(called)
            branches = {one for one in flows if one.startswith("trove_upgrade.datastore.")}
            assert called == (branches if "concat" in said.get("workflow", "")
                              else {said["workflow"]} if "workflow" in said else set())
    assert calls > 10
