"""Which executions a run has called, by what Mistral tells: never by what they claim themselves."""
import json
import warnings
from types import SimpleNamespace

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import run_tree
    from trove_upgrade.services.executions import ExecutionReader

OURS = {"cluster": "", "upgrade": "", "roll": "", "evil": "p1"}     # workflow -> its project


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

    def add(self, one, workflow, task, index=0, created="2026-01-01 00:00:00", project="p1"):
        self.executions[one] = SimpleNamespace(
            id=one, workflow_id=workflow, task_execution_id=task or None, project_id=project,
            root_execution_id="run", created_at=created, params=json.dumps({"index": index}))

    def call(self, task, execution, count=None, type="WORKFLOW"):
        context = {"with_items": {"count": count}} if count else {}
        self.tasks[task] = SimpleNamespace(id=task, type=type, workflow_execution_id=execution,
                                           runtime_context=json.dumps(context))

    project = ExecutionReader.project

    def find(self, one):
        return self.executions.get(one)

    def task(self, one):
        return self.tasks.get(one)

    def workflow(self, one):
        return SimpleNamespace(project_id=OURS[one] or None) if one in OURS else None

    def children(self, task):
        return [one for one in self.executions.values() if one.task_execution_id == task]


@pytest.fixture
def mistral(monkeypatch):
    for kept in ("_parents", "_origins", "_makers"):
        monkeypatch.setattr(run_tree, kept, {})
    return Mistral()


def held(mistral, one):
    return run_tree.RunTree(mistral, "run").holds(one)


def test_what_the_run_has_called_is_its_own(mistral):
    assert all(held(mistral, one) for one in ("run", "body", "first", "second"))


LATER = "2026-01-01 00:00:09"


@pytest.mark.parametrize("claim", [
    {"task": ""}, {"task": "nowhere"}, {"task": "t1"}, {"task": "t2"}, {"task": "t2", "index": 1},
    {"task": "t2", "index": 2}, {"task": "t2", "index": -1}, {"task": "t2", "index": True},
    {"task": "t2", "index": "0"}, {"task": "t2", "index": [0]}, {"task": "t2", "index": None},
    {"task": "action"}, {"task": "own"}, {"task": "lone", "workflow": "evil"},
    {"task": "lone", "workflow": "deleted"}, {"task": "lone", "project": "p2"}],
    ids=lambda claim: " ".join(map(str, claim.values())))
def test_what_only_claims_it_is_not(mistral, claim):
    """Below a task that has called another, or none; or as another tenant, or another workflow."""
    mistral.call("action", "body", type="ACTION")
    mistral.call("lone", "body")
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


def test_what_was_proven_once_is_not_asked_again(mistral):
    assert held(mistral, "first")
    mistral.executions.clear()
    assert held(mistral, "first")
