"""What stands in the file of an embedded engine, read without any engine.

It answers what `Upgrades` asks of a python-mistralclient to look at upgrades, and changes nothing.
The file may be written at the same moment: SQLite keeps readers and the writer apart.
"""
import contextlib
import json
import pathlib
import sqlite3
import types

from ..embedded import DATABASE
from .errors import ServiceError, UpgradeNotFound

# Each condition holds where its parameter is NULL.
EXECUTIONS = """
SELECT id, workflow_name, task_execution_id, root_execution_id, state, state_info, description,
       input, output, created_at, updated_at
FROM workflow_executions_v2
WHERE (:id IS NULL OR id = :id)
  AND (:root IS NULL OR root_execution_id = :root)
  AND (:names IS NULL OR workflow_name IN (SELECT value FROM json_each(:names)))
  AND (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
  AND (:marker IS NULL OR (created_at, id) <
       (SELECT created_at, id FROM workflow_executions_v2 WHERE id = :marker))
ORDER BY created_at DESC, id DESC LIMIT coalesce(:limit, -1)"""
BELOW = """
WITH RECURSIVE below(id) AS (
  SELECT :id UNION
  SELECT child.id FROM workflow_executions_v2 child
  JOIN task_executions_v2 task ON child.task_execution_id = task.id
  JOIN below ON task.workflow_execution_id = below.id)
SELECT id FROM below"""
# What a task has answered can be large, and is wanted of one that is asked for alone.
TASKS = """
SELECT id, name, state, workflow_name, workflow_execution_id, created_at,
       CASE WHEN :id IS NOT NULL THEN (
           SELECT output FROM action_executions_v2
           WHERE task_execution_id = task_executions_v2.id AND accepted
           ORDER BY created_at DESC LIMIT 1) END AS output
FROM task_executions_v2
WHERE (:id IS NULL OR id = :id)
  AND (:execution IS NULL OR workflow_execution_id = :execution)
  AND (:names IS NULL OR workflow_name IN (SELECT value FROM json_each(:names)))
  AND (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
ORDER BY created_at, id"""


class Row:
    """An execution or a task, as a resource of python-mistralclient."""

    def __init__(self, row):
        self.__dict__.update(row)

    def to_dict(self):
        """All of it."""
        return dict(self.__dict__)


class StateFile:
    """The client; one that never held an upgrade is empty.

    :param directory: the state directory of an embedded engine.
    """

    def __init__(self, directory):
        self._path = pathlib.Path(directory).absolute() / DATABASE
        self.executions = types.SimpleNamespace(
            get=self._execution, list=self._executions, get_ex_sub_executions=self._below)
        self.tasks = types.SimpleNamespace(get=self._task, list=self._tasks)

    def _execution(self, identifier):
        found = self._select(EXECUTIONS, **_conditions(id=identifier))
        return _only(found, "Execution", identifier)

    def _executions(self, limit=None, marker="", root_execution_id=None, workflow_name=None,
                    state=None, **_):
        return self._select(EXECUTIONS, **_conditions(
            root=root_execution_id, names=_list(workflow_name), states=_list(state),
            marker=marker or None, limit=limit))

    def _below(self, identifier):
        ids = [one.id for one in self._select(BELOW, id=identifier) if one.id != identifier]
        return [self._execution(one) for one in ids]

    def _task(self, identifier):
        return _only(self._select(TASKS, **_conditions(id=identifier)), "Task", identifier)

    def _tasks(self, workflow_execution_id=None, workflow_name=None, state=None, **_):
        return self._select(TASKS, **_conditions(
            execution=workflow_execution_id, names=_list(workflow_name), states=_list(state)))

    def _select(self, query, **parameters):
        if not self._path.exists():
            return []
        try:
            with contextlib.closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro",
                                                    uri=True)) as connection:
                connection.row_factory = sqlite3.Row
                return [Row(_as_api(row)) for row in connection.execute(query, parameters)]
        except sqlite3.Error as error:
            if "no such table" in str(error):       # its engine was killed at its first start
                return []
            raise ServiceError(f"{self._path} can't be read: {error}.") from error


def _conditions(**given):
    names = ("id", "root", "names", "states", "marker", "limit", "execution")
    return dict.fromkeys(names) | given


def _list(text):
    """A filter of Mistral's, such as ``in:RUNNING,PAUSED`` or one value, as JSON."""
    return None if text is None else json.dumps(text.removeprefix("in:").split(","))


def _only(found, what, identifier):
    if not found:
        raise UpgradeNotFound(f"{what} {identifier} is not found.")
    return found[0]


def _as_api(row):
    """Times in whole seconds, as Mistral's API gives them; ``result``: of a task's action."""
    found = dict(row)
    for name in ("created_at", "updated_at"):
        if found.get(name):
            found[name] = found[name][:19]
    if "input" not in found:        # a task
        found["result"] = json.loads(found.pop("output") or "{}").get("result")
    return found
