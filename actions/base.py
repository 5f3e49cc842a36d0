"""What all actions share: one error shape, the rights of the run, and nothing that raises."""
from typing import Any

import tenacity
from mistral_lib.actions import Action, Result

from ..ownership.lock import Lock
from ..planning.documents import Job, Plan
from ..schemas.errors import ROLLBACK, UpgradeError
from ..services import rights
from ..services.config import options
from ..services.errors import explain
from ..services.record import Record
from ..services.sessions import Actor
from ..services.trove import Trove

LONGER_SEC = 300.0      # an outage that ends the roll is outlasted by what puts it right again
BACK_OFF = tenacity.wait_exponential(multiplier=0.5, max=10)


class UpgradeAction(Action):
    """Base class: a subclass keeps its inputs in ``__init__`` and does its work in ``act``, which
    may be begun anew.

    :ivar outlasts: it undoes, gives back or reports, and waits for services longer than others.
    """

    outlasts = False

    def run(self, context: Any) -> Any:
        """The value of ``act``, or ``Result(error=...)`` in the shape of schemas/error.json.

        A service that can't be reached is waited for here: a refused connection takes no time, so
        it would use up the workflow's tries at once. Whoever has waited in vain is not tried again.
        """
        waiting = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: getattr(error, "outage", False)),
            stop=self._has_waited, wait=BACK_OFF, reraise=True)
        try:
            return waiting(self._try, context)
        except UpgradeError as error:
            if error.outage:
                error.klass = ROLLBACK
            return Result(error=error.as_dict())

    def _try(self, context: Any) -> Any:
        try:
            rights.check_context(context)
            return self.act(context)
        except Exception as error:  # noqa: BLE001  an action never raises: Mistral would keep repr and text
            raise explain(error) from error

    def _has_waited(self, state: tenacity.RetryCallState) -> bool:
        waited = state.seconds_since_start or 0.0
        return waited >= options().outage_sec + (LONGER_SEC if self.outlasts else 0.0)

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
        self.actor = rights.acting(context, self.run_id)
        self.remember(Record(self.actor, self.run_id))
        return self.step(Trove(self.actor, only=self.job),
                         Lock(self.actor, self.job["cluster_id"], context.security.project_id))

    def remember(self, record: Record) -> None:
        """Take what the step needs from the record: it came with nothing but ids."""
        self.record = record
        self.plan = record.plan()
        self.job = self.plan["job"]

    def step(self, trove: Trove, lock: Lock) -> Any:
        """The work of the step; what it raises becomes the action's error."""
        raise NotImplementedError
