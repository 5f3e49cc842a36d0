"""What Mistral says of executions: whether one has ended, what it was asked for, who called it."""
import json
from collections.abc import Callable, Collection
from typing import Any

from mistralclient.api.base import APIException

from ..planning import executions
from ..planning.executions import ENDED
from . import clients, sessions
from .sessions import Actor

CHILD_FIELDS = ("id", "created_at", "params")


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
        found = self.find(execution)
        return executions.is_over(found.state if found is not None else None,
                                  lambda: not elsewhere or self._sees_all())

    def is_open(self, execution: str) -> bool:
        """Whether it exists and has not ended; a paused one has not."""
        found = self.find(execution)
        return found is not None and found.state not in ENDED

    def created_at(self, execution: str) -> str:
        """When it was created, by Mistral's clock (ISO 8601); empty when it is not found."""
        found = self.find(execution)
        return found.created_at if found is not None else ""

    def project_of(self, execution: str) -> str:
        """Id of its project, or empty."""
        found = self.find(execution)
        return self.project(found) if found is not None else ""

    def project(self, found: Any) -> str:
        """The project of an execution that was found; what Mistral's engine began in nobody's name
        (see rights.complete) is of the project of the execution that called it."""
        while found is not None and not found.project_id and found.task_execution_id:
            task = self.task(found.task_execution_id)
            found = task and self.find(task.workflow_execution_id)
        return (found.project_id or "") if found is not None else ""

    def asked_for(self, execution: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its input and its environment, as the caller gave them; empty when it is not found."""
        found = self.find(execution)
        if found is None:
            return {}, {}
        return as_object(found.input), as_object(found.params).get("env") or {}

    def open_states(self, workflows: Collection[str]) -> dict[str, str]:
        """States by id of all executions of these workflows that have not ended."""
        found = self._seen(lambda client, everywhere: client.executions.list(
            workflow_name=f"in:{','.join(workflows)}", state=f"nin:{','.join(ENDED)}",
            fields=("id", "state"), **everywhere))
        return {one.id: one.state for one in found or ()}

    def find(self, execution: str) -> Any:
        """The execution itself, or None."""
        return self._seen(lambda client, everywhere: client.executions.get(execution))

    def task(self, task_id: str) -> Any:
        """A task, or None."""
        return self._seen(lambda client, everywhere: client.tasks.get(task_id))

    def action(self, action_execution: str) -> Any:
        """What a task has called, by the name that its definition says; None when it is gone."""
        return self._seen(lambda client, everywhere: client.action_executions.get(
            action_execution))

    def workflow(self, workflow_id: str) -> Any:
        """A definition, or None."""
        return self._seen(lambda client, everywhere: client.workflows.get(workflow_id))

    def is_of_operator(self, execution: str) -> bool:
        """Whether its workflow is public, or there is no public one of its name; False when the
        workflow is gone."""
        found = self.find(execution)
        flow = found and self.workflow(found.workflow_id)
        if not flow:
            return False
        return flow.scope == "public" or not self._seen(
            lambda client, everywhere: client.workflows.list(name=flow.name, scope="public"))

    def children(self, task_id: str) -> list[Any]:
        """The executions that name the task as their parent: ``id``, ``created_at``, ``params``."""
        return self._seen(lambda client, everywhere: client.executions.list(
            task=task_id, fields=CHILD_FIELDS, **everywhere)) or []

    def _seen(self, ask: Callable[[Any, dict[str, bool]], Any]) -> Any:
        """What the first answers who may see it, or None.

        :param ask: is given a client, and what makes a listing reach all projects where it can.
        """
        service = sessions.service()
        for actor in filter(None, (service, self._actor)):
            try:
                return ask(self._client(actor),
                           {"all_projects": True} if actor is service else {})
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


def as_object(value: Any) -> dict[str, Any]:
    """A JSON object that the API gives as text."""
    found = json.loads(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else {}
