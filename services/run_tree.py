"""Whether an execution is a run, or was called by it: proven, not claimed.

Mistral lets a caller name the root and the parent task of an execution of his own. So the parent
task must be one of Mistral's own, all the way up to the run; each execution must be the one that
the task has called, the first in its place; and its workflow must be of those who made the run's,
because Mistral also takes a workflow of the caller's project that bears the same name.
"""
import operator
from collections.abc import Callable
from typing import Any

from .executions import ExecutionReader, as_object

CALLS = "WORKFLOW"      # the type of a task that calls one
_KEPT = 4096
# What never changes once it is there, by ids of executions and of workflows.
_parents: dict[str, str] = {}
_origins: dict[str, tuple[str, str]] = {}
_makers: dict[str, str] = {}
_AGE = operator.attrgetter("created_at")


class RunTree:
    """The tree of calls below one run.

    :param run: the execution that people have started.
    """

    def __init__(self, reader: ExecutionReader, run: str):
        self._reader, self._run = reader, run

    def holds(self, execution: str) -> bool:
        """Whether it is the run, or the run has called it, through however many others."""
        one, passed = execution, set()
        while one and one != self._run and one not in passed:
            passed.add(one)
            one = _once(_parents, one, self._parent) or ""
        return one == self._run

    def _parent(self, execution: str) -> str | None:
        """The execution that has called this one, or None."""
        found = self._reader.find(execution)
        task = found and found.task_execution_id and self._reader.task(found.task_execution_id)
        if not task or task.type != CALLS:
            return None
        origin = self._origin(found)
        if origin is None or origin != _once(_origins, self._run, self._origin_of):
            return None
        ours = execution in called_by(task, self._reader.children(task.id))
        return task.workflow_execution_id if ours else None

    def _origin_of(self, execution: str) -> tuple[str, str] | None:
        found = self._reader.find(execution)
        return found and self._origin(found)

    def _origin(self, found: Any) -> tuple[str, str] | None:
        """The project of an execution, and that of its workflow."""
        maker = _once(_makers, found.workflow_id, self._maker)
        return None if maker is None else (self._reader.project(found), maker)

    def _maker(self, workflow_id: str) -> str | None:
        found = self._reader.workflow(workflow_id)
        return found and (found.project_id or "")       # Mistral's own database-populate names none


def _once(kept: dict[str, Any], key: str, ask: Callable[[str], Any]) -> Any:
    """What was answered before, else what is answered now; None is asked for again."""
    if key not in kept:
        found = ask(key)
        if found is None:
            return None
        if len(kept) >= _KEPT:
            kept.clear()
        kept[key] = found
    return kept.get(key)


def called_by(task: Any, children: list[Any]) -> set[str]:
    """Ids of the executions that the task has called, of those that name it as their parent.

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
            found.add(first.id)
    return found
