"""Mistral's own parser reads every definition, and sees in it what the lint sees."""
from pathlib import Path

import pytest
import yaml
from trove_upgrade.workflows import paths

from docs.tools import flows
from tests.workflows import broken

EACH = pytest.mark.parametrize("path", paths(), ids=lambda path: path.rsplit("/", 1)[1])


@EACH
def test_mistral_reads_it(path, mistral):
    found = mistral["definitions"][path]
    assert found["error"] == ""
    assert found["expressions"] == []


@EACH
def test_nothing_in_it_needs_anchors(path, mistral):
    """Mistral's loader takes & and * as plain text, PyYAML does not: both must agree."""
    text = Path(path).read_text(encoding="utf-8")
    assert mistral["definitions"][path]["content"] == yaml.safe_load(text)


@EACH
def test_lint_sees_the_same_tasks_and_ways_as_mistral(path, mistral):
    found = mistral["definitions"][path]
    flow = flows.read(path)
    assert (flow.name, flow.starts) == (found["name"], found["starts"])
    assert {task.name: _seen(task) for task in flow.tasks.values()} == {
        name: {**task, "edges": _bare(task["edges"])} for name, task in found["tasks"].items()}


def _seen(task):
    return {"action": task.action or None, "workflow": task.workflow or None,
            "input": task.body.get("input", {}),
            "edges": {clause: [[edge.target, edge.condition] for edge in task.clause(clause)]
                      for clause in flows.CLAUSES}}


def _bare(edges):
    return {clause: [[target, flows.bare(condition)] for target, condition in listed]
            for clause, listed in edges.items()}


def test_good_sample_is_read(mistral):
    assert mistral["broken"]["good.yaml"]["error"] == ""


@pytest.mark.parametrize("name", [one for one in broken.FOR_MISTRAL if one != "good.yaml"])
def test_broken_sample_is_caught(name, mistral):
    found = mistral["broken"][name]
    assert found["error"] or found["expressions"]


def test_every_entry_point_imports(mistral):
    failed = {f"{group}: {name}": error for group, found in mistral["entry_points"].items()
              for name, error in found.items() if error}
    assert failed == {}
    assert all(mistral["entry_points"].values()), "a group of setup.py is not installed"


def test_every_action_is_used(world):
    used = {task.action for flow in world.flows.values() for task in flow.tasks.values()}
    assert used - {"", "std.noop"} == set(world.actions)
