"""A backup through Trove before the first member is touched."""
from typing import Any

from troveclient.apiclient import exceptions

from ..datastores.polling import polls
from ..ownership.lock import Lock
from ..planning import waves
from ..planning.documents import Job
from ..schemas import UpgradeError
from ..schemas.errors import RETRY
from ..services.errors import explain
from ..services.trove import Trove
from .base import StepAction

POLL_SEC = 1.0
DONE, FAILED = "COMPLETED", ("FAILED", "DELETE_FAILED")


class RequestBackup(StepAction):
    """Ask Trove for a backup of the source. Asked already? Then only say so.

    The backup's name carries the run, so that a repeated step finds what it has asked for.

    :returns: ``{"backup": its id}``.
    """

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        waves.check_lock(lock.read(), self.job["owner"])
        found = find(trove, self.job)
        return {"backup": found["id"] if found else self._asked(trove)}

    def _asked(self, trove: Trove) -> str:
        source = self.job["backup"]
        try:
            return trove.back_up(source, name_of(self.job["owner"]))
        except exceptions.HttpError as error:
            found = explain(error)
            if found.klass == RETRY:
                raise
            raise UpgradeError("backup_failed", f"Trove takes no backup of the source: "
                               f"{found.message} Mend that, or upgrade without one: backup: skip.",
                               "stop", source) from error


class AwaitBackup(StepAction):
    """Wait until the backup is complete and the source is free again.

    :returns: ``{"backup": its id}``.
    """

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        for _ in polls(self.job["try_sec"], POLL_SEC):
            waves.check_lock(lock.read(), self.job["owner"])
            found = find(trove, self.job)
            status = found["status"] if found else "gone"
            if status in (*FAILED, "gone"):
                raise UpgradeError("backup_failed", f"Trove says that backup "
                                   f"{name_of(self.job['owner'])} is {status}. Find out why, or "
                                   "upgrade without one: backup: skip.", "stop",
                                   self.job["backup"])
            if status == DONE and trove.member(self.job["backup"]).status == "ACTIVE":
                return {"backup": found["id"]}      # type: ignore[index]
        raise UpgradeError("not_yet", f"The backup is {status}.", "retry", self.job["backup"])


def name_of(owner: str) -> str:
    """The name of a run's backup."""
    return f"before-upgrade-{owner}"


def find(trove: Trove, job: Job) -> dict[str, Any] | None:
    """The run's backup ``{id, status}``, or None."""
    return trove.backup(job["backup"], name_of(job["owner"]))
