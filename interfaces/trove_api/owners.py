"""Who upgrades a cluster, and whether that is over: what a hold is worth."""
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...planning.executions import ENDED, is_over
from ...planning.lock_names import ELSEWHERE, LOCK
from . import holds, mistral
from .config import options

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """What is known of a hold.

    :ivar over: proven: nobody works under it any more.
    :ivar words: what to tell somebody who wants the cluster.
    """

    over: bool
    words: str = ""


@dataclass(frozen=True)
class Owner:
    """An execution that holds a cluster.

    :ivar state: None when it is not to be found.
    :ivar current: known to be of the hold as it is now, and not left over from an earlier one.
    """

    execution: str
    state: str | None
    current: bool

    @property
    def alive(self) -> bool:
        """Running or paused."""
        return self.state is not None and self.state not in ENDED


def judge(context: Any, cluster_id: str, since: datetime) -> Verdict:
    """Of the hold since then. A live or paused owner's is never called over."""
    try:
        return _judge(context, cluster_id, since)
    except (mistral.Silent, mistral.Refused) as error:
        LOG.warning("Who holds cluster %s? %s", cluster_id, error)
        return Verdict(False, "An upgrade holds this cluster, and Mistral does not tell whether it "
                       "goes on. Try again when Mistral answers.")


def _judge(context: Any, cluster_id: str, since: datetime) -> Verdict:
    service = _service()
    owners = [owner for reader in (service, mistral.as_caller(context)) if reader
              for owner in _seen_by(reader, cluster_id, since)]
    for owner in owners:
        if owner.alive:
            return Verdict(False, f"Execution {owner.execution} upgrades this cluster. Wait for "
                           "it, or abort it.")
    ended = next((owner.state for owner in owners if owner.current and owner.state), None)
    if ended is None and holds.age(since) < -options().start_grace_sec:
        return Verdict(False, ELSEWHERE)
    if ended is None and holds.age(since) < options().start_grace_sec:
        return Verdict(False, "An upgrade of this cluster is being started. Wait for it.")
    if is_over(ended, lambda: bool(service and service.sees_all())):
        return Verdict(True)
    return Verdict(False, "An upgrade holds this cluster, and it can't be seen from here whether "
                   "it goes on. Wait for it, or ask the operator.")


def _service() -> mistral.Mistral | None:
    try:
        return mistral.as_service()
    except mistral.Silent as error:
        LOG.warning("Mistral can't be asked as the service user: %s", error)
        return None


def _seen_by(reader: mistral.Mistral, cluster_id: str, since: datetime) -> list[Owner]:
    """The owner on record in the reader's project, and the one that was started from here."""
    started = holds.execution_of(cluster_id, since, mistral.start_key())
    found = [Owner(started, reader.state(started), current=True)]
    record = reader.variables(LOCK + cluster_id) or {}
    if record.get("owner") not in (None, "", started):
        found.append(Owner(record["owner"], reader.state(record["owner"]),
                           current=record.get("since") == since.isoformat()))
    return found
