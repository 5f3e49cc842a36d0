"""What Mistral says of executions: whether one has ended, and which tree it belongs to."""
import json
from typing import Any

from mistralclient.api.base import APIException

from ..planning import executions
from ..planning.executions import ENDED
from . import clients, sessions
from .sessions import Actor

_TREES: dict[str, tuple[str, str]] = {}     # never changes once an execution is there
_TREES_KEPT = 4096


class ExecutionReader:
    """Reads executions as the service user, who sees those of all projects, else as the actor."""

    def __init__(self, actor: Actor):
        self._actor = actor
        self._clients: dict[int, Any] = {}

    def is_over(self, execution: str, elsewhere: bool = False) -> bool:
        """Whether it has ended or was deleted.

        An execution that is not found counts as deleted only if the reader may see the executions
        of all projects; otherwise it may still run in another one.

        :param elsewhere: it may belong to another project than the actor's.
        """
        found = self._find(execution)
        return executions.is_over(found.state if found is not None else None,
                                  lambda: not elsewhere or self._sees_all())

    def is_open(self, execution: str) -> bool:
        """Whether it exists and has not ended; a paused one has not."""
        found = self._find(execution)
        return found is not None and found.state not in ENDED

    def created_at(self, execution: str) -> str:
        """When it was created, by Mistral's clock (ISO 8601); empty when it is not found."""
        found = self._find(execution)
        return found.created_at if found is not None else ""

    def project_of(self, execution: str) -> str:
        """Id of its project, or empty."""
        found = self._tree(execution)
        return found[0] if found else ""

    def asked_for(self, execution: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its input and its environment, as the caller gave them; empty when it is not found."""
        found = self._find(execution)
        if found is None:
            return {}, {}
        return _object(found.input), _object(found.params).get("env") or {}

    def in_one_tree(self, one: str, other: str) -> bool:
        """Whether both belong to one project and to the tree of one root."""
        return bool(one) and (one == other or self._tree(one) == self._tree(other) is not None)

    def _tree(self, execution: str) -> tuple[str, str] | None:
        """Its project and its root."""
        if execution not in _TREES:
            found = self._find(execution)
            if found is None:
                return None
            if len(_TREES) >= _TREES_KEPT:
                _TREES.clear()
            _TREES[execution] = self._project(found), found.root_execution_id or execution
        return _TREES.get(execution)

    def _project(self, found: Any) -> str:
        """Its project; what Mistral's engine began in nobody's name (see rights.complete) is of the
        project of the execution that called it."""
        while not found.project_id and found.task_execution_id:
            task = self._client(sessions.service() or self._actor).tasks.get(
                found.task_execution_id)
            found = self._find(task.workflow_execution_id)
            if found is None:
                return ""
        return found.project_id or ""

    def _find(self, execution: str) -> Any:
        for actor in filter(None, (sessions.service(), self._actor)):
            try:
                return self._client(actor).executions.get(execution)
            except APIException as error:
                if error.error_code not in (403, 404):
                    raise
        return None

    def _client(self, actor: Actor) -> Any:
        """Created when first needed, because that may ask Keystone for a token."""
        if id(actor) not in self._clients:
            self._clients[id(actor)] = clients.mistral(actor)
        return self._clients[id(actor)]

    def _sees_all(self) -> bool:
        try:
            self._client(sessions.service() or self._actor).executions.list(
                limit=1, fields=("id",), all_projects=True)
        except APIException as error:
            if error.error_code != 403:
                raise
            return False
        return True


def _object(value: Any) -> dict[str, Any]:
    """A JSON object that the API gives as text."""
    found = json.loads(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else {}
