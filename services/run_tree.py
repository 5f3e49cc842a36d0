"""Whether an execution is a run, or was called by it: proven, not claimed.

Mistral lets a caller choose the id of an execution, also one that he has just deleted, and name any
root and any parent task. What he can't choose are tasks, and when an execution was created. So

- the run must be the execution that has kept the rights, by its moment and its workflow;
- from there on each execution must be the one that a task has called: of the workflow that the
  task's definition names, and the first in its place;
- all workflows must be of those who made the run's, because Mistral also calls one of the caller's
  project that bears the same name.

Where an execution is deleted, so are its tasks and all below it. So what was proven once of one
that is still there, unchanged, holds for all above it.
"""
import operator
from collections.abc import Callable
from typing import Any

import yaml

from .executions import ExecutionReader, as_object

DATASTORE = "trove_upgrade.datastore."
BRANCH = f"<% concat('{DATASTORE}', "        # how a task calls the one of the run's datastore
_KEPT = 4096
_AGE = operator.attrgetter("created_at")
# What never changes once it is there.
_held: dict[tuple[str, ...], bool] = {}
_parents: dict[str, str] = {}       # of executions above another one
_makers: dict[str, str] = {}        # of workflows, by id: their projects
_called: dict[str, set[tuple[str, str]]] = {}       # by a task, see called_by
# By definition and task: that it calls the workflow. It may be changed later, by its own makers.
_named: dict[tuple[str, ...], bool] = {}


def identity(execution: Any) -> str:
    """What nobody can choose: when it was created, and of which workflow it is."""
    return f"{execution.created_at} {execution.workflow_id}"


class RunTree:
    """The tree of calls below one run.

    :param run: the execution that people have started.
    :param begun: its identity when it kept its rights; empty where it has kept none.
    """

    def __init__(self, reader: ExecutionReader, run: str, begun: str = ""):
        self._reader, self._run, self._begun = reader, run, begun

    def holds(self, execution: str) -> bool:
        """Whether it is the run, or the run has called it, through however many others."""
        if execution == self._run and not self._begun:
            return True
        found = self._reader.find(execution)
        if found is None:
            return False
        if execution == self._run:
            return identity(found) == self._begun
        key = self._run, self._begun, execution, identity(found)
        return bool(_once(_held, key, lambda _: self._has_called(found) or None))

    def _has_called(self, found: Any) -> bool:
        run = self._reader.find(self._run)
        if run is None or self._begun not in ("", identity(run)):
            return False
        origin, passed = self._origin(run), {found.id}
        one = self._caller(found, origin)
        while one and one != self._run and one not in passed:
            passed.add(one)
            one = _once(_parents, one, lambda above: self._caller(
                self._reader.find(above), origin)) or ""
        return one == self._run

    def _caller(self, found: Any, origin: tuple[str, str] | None) -> str | None:
        """The execution that has called this one, or None."""
        task = found and found.task_execution_id and self._reader.task(found.task_execution_id)
        if not task or origin is None or self._origin(found) != origin:
            return None
        key = task.workflow_id, task.name, found.workflow_name
        if not _once(_named, key, lambda _: self._calls(task, found.workflow_name) or None):
            return None
        return task.workflow_execution_id if self._has(task, found) else None

    def _has(self, task: Any, found: Any) -> bool:
        """Whether the task has called it; those of a wave are listed once for all of them."""
        one = found.id, found.created_at
        if one not in _called.get(task.id, ()):
            if len(_called) >= _KEPT:
                _called.clear()
            _called[task.id] = called_by(task, self._reader.children(task.id))
        return one in _called.get(task.id, ())

    def _calls(self, task: Any, workflow: str) -> bool:
        """Whether the definition of a task calls the workflow of this name."""
        found = self._reader.workflow(task.workflow_id)
        flow = yaml.safe_load(found.definition)[task.workflow_name] if found else {"tasks": {}}
        named = flow["tasks"].get(task.name, {}).get("workflow", "")
        return workflow.startswith(DATASTORE) if named.startswith(BRANCH) else named == workflow

    def _origin(self, found: Any) -> tuple[str, str] | None:
        """The project of an execution, and that of its workflow."""
        maker = _once(_makers, found.workflow_id, self._maker)
        return None if maker is None else (self._reader.project(found), maker)

    def _maker(self, workflow_id: str) -> str | None:
        found = self._reader.workflow(workflow_id)
        return found and (found.project_id or "")       # Mistral's own database-populate names none


def _once(kept: dict[Any, Any], key: Any, ask: Callable[[Any], Any]) -> Any:
    """What was answered before, else what is answered now; None is asked for again."""
    if key not in kept:
        found = ask(key)
        if found is None:
            return None
        if len(kept) >= _KEPT:
            kept.clear()
        kept[key] = found
    return kept.get(key)


def called_by(task: Any, children: list[Any]) -> set[tuple[str, str]]:
    """Ids and moments of the executions that the task has called, of those that name it as their
    parent.

    Mistral creates them together with the task, one for each place. So the first in its place is
    the task's own; where two are equally old it can't be told, and none of them is.
    """
    places = as_object(task.runtime_context).get("with_items", {}).get("count", 1)
    here: dict[int, list[Any]] = {}
    for one in children:
        place = as_object(one.params).get("index")
        if type(place) is int and 0 <= place < places:
            here.setdefault(place, []).append(one)
    found = set()
    for claimed in here.values():
        first, *others = sorted(claimed, key=_AGE)
        if not others or first.created_at < others[0].created_at:
            found.add((first.id, first.created_at))
    return found
