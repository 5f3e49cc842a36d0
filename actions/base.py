"""What all actions share: one error shape, the rights of the run, and nothing that raises."""
import functools
from importlib.metadata import entry_points
from typing import Any

import tenacity
from mistral_lib.actions import Action, Result

from ..ownership.lock import Lock
from ..planning.documents import Job, Plan
from ..planning.plan import TRY_SEC
from ..schemas.errors import RETRY, ROLLBACK, UpgradeError
from ..services import rights
from ..services.config import options
from ..services.errors import explain
from ..services.record import Record
from ..services.sessions import Actor
from ..services.trove import Trove

LONGER_SEC = 300.0      # an outage that ends the roll is outlasted by what puts it right again
# What waiting here does not mend, while another executor may do the step at once.
FOR_ANOTHER_EXECUTOR = ("access_file_differs", "driver_not_loadable")
BACK_OFF = tenacity.wait_exponential(multiplier=0.5, max=10)


class UpgradeAction(Action):
    """Base class: a subclass keeps its inputs in ``__init__`` and does its work in ``act``, which
    may be begun anew.

    :ivar outlasts: it undoes, gives back or reports, and waits for services longer than others.
    :ivar try_sec: how long a try lasts that fails with something that passes: the workflows count
        tries and mean time.
    """

    outlasts = False
    try_sec = 0.0

    def run(self, context: Any) -> Any:
        """The value of ``act``, or ``Result(error=...)`` in the shape of schemas/error.json.

        A service that can't be reached is waited for here: a refused connection takes no time, so
        it would use up the workflow's tries at once. Whoever has waited in vain is not tried again.
        """
        waiting = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_passes),
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
        error = state.outcome.exception() if state.outcome else None
        longest = self.try_sec
        if getattr(error, "outage", False):
            longest = options().outage_sec + (LONGER_SEC if self.outlasts else 0.0)
        return (state.seconds_since_start or 0.0) >= longest

    def act(self, context: Any) -> Any:
        """The work; what it raises becomes the action's error."""
        raise NotImplementedError

    def check_name(self, context: Any) -> None:
        """For what changes something: see rights.check_name."""
        rights.check_name(context, _name_of(type(self)))

    def __repr__(self) -> str:
        """Mistral writes it into errors, so it holds no inputs."""
        return f"<{type(self).__name__}>"


def _name_of(action: Any) -> str:
    """By what name workflows call the action: an executor makes a class of its own below ours."""
    found = (_names().get(f"{one.__module__}:{one.__qualname__}") for one in action.__mro__)
    return next(filter(None, found), "")


@functools.cache
def _names() -> dict[str, str]:
    """By what names workflows call actions, by module and class."""
    return {one.value: one.name for one in entry_points(group="mistral.actions")}


def _passes(error: BaseException) -> bool:
    """Whether it may go well here in a moment."""
    return isinstance(error, UpgradeError) and (
        error.outage or error.klass == RETRY and error.code not in FOR_ANOTHER_EXECUTOR)


class StepAction(UpgradeAction):
    """An action of a run that has a record: it knows its plan, Trove and the lock.

    :param run: the execution that people have started.
    """

    plan: Plan
    job: Job
    actor: Actor | None = None      # who acts for the run
    try_sec = TRY_SEC

    def __init__(self, run: str):
        super().__init__()
        self.run_id = run

    def act(self, context: Any) -> Any:
        self.check_name(context)
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
