"""What all actions share: one error shape, the rights of the run, and nothing that raises."""
from typing import Any

from mistral_lib.actions import Action, Result

from ..ownership.lock import Lock
from ..planning.documents import Job, Plan
from ..services import rights
from ..services.errors import explain
from ..services.record import Record
from ..services.sessions import Actor
from ..services.trove import Trove


class UpgradeAction(Action):
    """Base class: a subclass keeps its inputs in ``__init__`` and does its work in ``act``."""

    def run(self, context: Any) -> Any:
        """The value of ``act``, or ``Result(error=...)`` in the shape of schemas/error.json."""
        try:
            rights.check_context(context)
            return self.act(context)
        except Exception as error:  # noqa: BLE001  an action never raises: Mistral would keep repr and text
            return Result(error=explain(error).as_dict())

    def act(self, context: Any) -> Any:
        """The work; what it raises becomes the action's error."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Mistral writes it into errors, so it holds no inputs."""
        return f"<{type(self).__name__}>"


class StepAction(UpgradeAction):
    """An action of a run that has a record: it knows its plan, Trove and the lock.

    :param run: the execution that people have started.
    """

    plan: Plan
    job: Job
    actor: Actor | None = None      # who acts for the run

    def __init__(self, run: str):
        super().__init__()
        self.run_id = run

    def act(self, context: Any) -> Any:
        self.remember(Record(rights.acting(context, self.run_id), self.run_id))
        cluster_id = self.job["cluster_id"]
        self.actor = rights.acting(context, self.run_id, cluster_id)
        return self.step(Trove(self.actor, only=self.job),
                         Lock(self.actor, cluster_id, context.security.project_id))

    def remember(self, record: Record) -> None:
        """Take what the step needs from the record: it came with nothing but ids."""
        self.record = record
        self.plan = record.plan()
        self.job = self.plan["job"]

    def step(self, trove: Trove, lock: Lock) -> Any:
        """The work of the step; what it raises becomes the action's error."""
        raise NotImplementedError
