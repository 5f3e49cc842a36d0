"""One writer for each cluster, seen by everybody who could be another.

From the widest to the narrowest, taken in this order and given back in reverse:

1. Trove's task UPGRADING_CLUSTER, where trove-api has this pack's routes: it holds off Trove too;
2. an environment in the service user's project: it holds off all projects of this Mistral;
3. an environment in the caller's project, by which the operator asks a running upgrade for
   ``abort`` and ``pause_after``.

Each environment is ``trove_upgrade.lock.<cluster>``: {owner, cluster_id, project_id, since, abort,
pause_after}, of a replication set also its ``members``; ``since`` is the moment of the hold in
Trove. Without the routes the others do the work alone. For replication sets Trove has no task, so
the environments do.

An embedded engine (``auth = cloud``) has no service user, and no Mistral service sees its
executions. Where its person may, it takes Trove's task in that person's name, for LONGEST_SEC:
until then no service takes it for a start that was given up. Nor does it take over what it has not
taken.
"""
import functools
import logging
from collections.abc import Collection
from typing import Any

from mistralclient.api.base import APIException

from ..datastores.polling import polls
from ..planning.lock_names import ELSEWHERE, LOCK
from ..planning.stuck import cluster_hint
from ..schemas import UpgradeError
from ..schemas.errors import STOP
from ..services import rights, sessions
from ..services.config import options
from ..services.environments import Environments
from ..services.errors import explain
from ..services.executions import ExecutionReader
from ..services.record import Record
from ..services.sessions import Actor
from ..services.trove_task import FREE, HELD, Hold, TroveTask
from .environment_lock import TRY_SEC, EnvironmentLock, locked
from .start_token import started_for

LOG = logging.getLogger(__name__)
SETTINGS, BACKGROUND = "trove_upgrade.settings.", "trove_upgrade.background."
PAUSE_SEC = 1.0
LONGEST_SEC = 30 * 86400


class Lock:
    """The lock of one cluster.

    :param actor: who acts for the caller's project.
    :param project_id: the caller's.
    """

    def __init__(self, actor: Actor, cluster_id: str, project_id: str | None):
        self._actor = actor
        self._cluster_id = cluster_id
        self._project_id = project_id or ""
        self._service = sessions.service()
        self._reader = ExecutionReader(actor)

    @classmethod
    def of(cls, context: Any, run: str, cluster_id: str) -> "Lock":
        """The lock, with the rights of a step of the execution ``run``."""
        return cls(rights.acting(context, run, cluster_id), cluster_id,
                   context.security.project_id)

    def read(self) -> dict[str, Any] | None:
        """``{owner, cluster_id, abort, pause_after}``, or None when nobody holds the cluster."""
        found = self._control()
        if found and self._wide:
            return found | {"owner": self._wide.read().get("owner", "")}
        return found or None

    def live_owner(self) -> str:
        """The execution that holds the cluster and is not over, or empty."""
        owner = self._record().get("owner", "")
        return owner if owner and not self._is_over(owner) else ""

    def holds_task(self, owner: str) -> bool:
        """Whether UPGRADING_CLUSTER was taken for this execution."""
        record = self._record()
        return record.get("owner") == owner and bool(record.get("since"))

    def reach(self, in_trove: bool = True) -> str:
        """Whom the lock keeps out: ``trove``, else all of this ``mistral``, else this ``project``.

        :param in_trove: False for a replication set: no task of Trove's can hold one.
        """
        if in_trove and self._task and self._may_hold():
            return "trove"
        return "mistral" if self._service else "project"

    def check_task(self, cluster: dict[str, Any]) -> dict[str, Any]:
        """The cluster as it was given.

        :raises UpgradeError: code ``lock_lost``: its task in Trove was ours and is not any more.
        """
        if self._record().get("since") and cluster["task"] != HELD:
            raise UpgradeError("lock_lost", f"Trove's task on the cluster is {cluster['task']}: "
                               "somebody took it from this run, so it touches nothing. Start a new "
                               "run to finish or to undo.", "stop")
        return cluster

    def take(self, owner: str, start_token: str = "", members: Collection[str] = ()) -> None:
        """Take the cluster for the execution ``owner``; the lock of an ended execution is taken
        over.

        :param start_token: the moment since when trove-api holds the cluster for this execution.
        :param members: of a replication set, which Trove's task can't hold: its identity can
            change when a member is rebuilt, so no other lock may name one of them.
        :raises UpgradeError: code ``locked``, naming who holds it.
        """
        before = self._record().get("owner", "")
        since, fresh = ("", False) if members else self._hold_task(owner, start_token)
        record = {"owner": owner, "cluster_id": self._cluster_id, "project_id": self._project_id,
                  "since": since, "abort": False, "pause_after": None,
                  **({"members": sorted(members)} if members else {})}
        try:
            for one in self._environment_locks():
                one.take(record)
            self._refuse_overlap(owner, members)
        except Exception:
            self._undo_take(owner, since if fresh else "")
            raise
        if before not in ("", owner):
            _forget(self._actor, before)

    def release(self, owner: str, version_id: str = "") -> bool:
        """Release the cluster if ``owner`` holds it; returns whether it did.

        :param version_id: the datastore version that the cluster then has in Trove, when given.
        """
        record, mine = self._record(), self._release_control(owner)
        if record.get("owner") == owner and self._task and record.get("since"):
            self._task.give_back(record["since"], version_id)
        return (self._wide.release(owner) if self._wide else False) or mine

    def saved_settings(self) -> dict[str, Any]:
        """Settings to restore when the upgrade is finalised, by member id."""
        return Environments(self._actor).read(SETTINGS + self._cluster_id) or {}

    def save_settings(self, settings: dict[str, Any]) -> None:
        """Save the settings of these members beside those that an earlier run has saved."""
        Environments(self._actor).write(SETTINGS + self._cluster_id,
                                        self.saved_settings() | settings)

    def forget_saved_settings(self) -> None:
        Environments(self._actor).delete(SETTINGS + self._cluster_id)

    def suspended_background(self) -> dict[str, Any]:
        """Background work of the cluster that is suspended until a run resumes it."""
        return Environments(self._actor).read(BACKGROUND + self._cluster_id) or {}

    def save_background(self, background: dict[str, Any]) -> dict[str, Any]:
        """Record what is about to be suspended, unless an earlier run did; returns what is
        recorded."""
        notes, name = Environments(self._actor), BACKGROUND + self._cluster_id
        if background:
            notes.create(name, background)
        return self.suspended_background()

    def forget_background(self) -> None:
        """Forget the record, after the background work was resumed."""
        Environments(self._actor).delete(BACKGROUND + self._cluster_id)

    def _refuse_overlap(self, owner: str, members: Collection[str]) -> None:
        """:raises UpgradeError: code ``locked``: another set's live lock names one of them."""
        for one in Environments(self._service or self._actor).named(LOCK).values() \
                if members else ():
            other = one.get("owner", "")
            if other not in ("", owner) and not set(members).isdisjoint(one.get("members", ())) \
                    and not self._is_over(other):
                self._release_control(owner)
                raise locked(other)

    def _undo_take(self, owner: str, since: str) -> None:
        if self._task and since:
            self._task.give_back(since)
        if self._wide:
            self._wide.release(owner)

    # Trove's task
    @functools.cached_property
    def _task(self) -> TroveTask | None:
        if self._is_own_engine:
            return TroveTask(self._actor, self._cluster_id)
        if self._service is None:
            return None
        where_it_is = sessions.service(self._actor.region)
        return TroveTask(where_it_is, self._cluster_id) if where_it_is else None

    @property
    def _is_own_engine(self) -> bool:
        """The engine is one person's own, such as the embedded one."""
        return options().auth == "cloud"

    def _may_hold(self) -> bool:
        """trove-api has this pack's routes, and lets this engine take the cluster."""
        try:
            now = self._task.look() if self._task else None
        except UpgradeError as error:
            if self._is_own_engine and error.code == "not_allowed":
                return False        # it may plan all the same
            raise
        return now is not None and now.may_take

    def _hold_task(self, owner: str, start_token: str) -> tuple[str, bool]:
        """The moment at which Trove's task was taken for ``owner``, and whether this call took it.

        The moment is empty where trove-api lacks this pack's routes, or does not let it be taken.
        """
        if self._task is None or TroveTask(self._actor, self._cluster_id).look() is None:
            return "", False
        for _ in polls(TRY_SEC, PAUSE_SEC):
            now = self._task.look()
            if now is None or (now.task == FREE and not now.may_take):
                return "", False
            if now.task not in (FREE, HELD):
                raise UpgradeError("refused", f"[cluster_idle] Trove is busy with {now.task} on "
                                   "the cluster. Wait until it is over. "
                                   f"{cluster_hint(self._cluster_id)}", "stop")
            if now.task == HELD and now.since in (start_token, self._since_of(owner)):
                return now.since, False
            if start_token:
                raise self._given_up(owner)
            if self._may_be_taken(now, owner):
                taken = self._task.take(now.since if now.task == HELD else None,
                                        LONGEST_SEC if self._is_own_engine else 0)
                if taken:
                    return taken.since, True
        raise UpgradeError("locked", "An upgrade of this cluster is being started. Wait for it, or "
                           "abort it.", "retry")

    def _may_be_taken(self, now: Hold, owner: str) -> bool:
        """Whether Trove's task may be taken: it is free, its owner has ended, or its start was
        given up.

        :raises UpgradeError: code ``locked``: a live execution holds it.
        """
        if now.task == FREE:
            return True
        record = self._record()
        holder = record.get("owner", "")
        if holder not in ("", owner) and not self._is_over(holder):
            raise locked(holder)
        ours = record.get("since") == now.since
        if not ours and (self._is_own_engine or now.age_sec < -options().start_grace_sec):
            raise UpgradeError("locked", f"{ELSEWHERE} {cluster_hint(self._cluster_id)}", "stop")
        starter = started_for(self._cluster_id, now.since)
        if starter != owner and self._reader.is_open(starter):
            raise locked(starter)
        return ours or now.age_sec > options().start_grace_sec

    def _given_up(self, owner: str) -> UpgradeError:
        """The error of a start that trove-api gave up before the execution took the lock."""
        holder = self._record().get("owner", "")
        if holder not in ("", owner) and not self._is_over(holder):
            return locked(holder)
        return UpgradeError("start_given_up", "trove-api gave this start up before it began; "
                            "nothing was changed. Ask for the upgrade again.", "stop")

    def _since_of(self, owner: str) -> str | None:
        record = self._record()
        return record.get("since") if record.get("owner") == owner else None

    # The environments
    @property
    def _is_service(self) -> bool:
        """The run has no rights but the service user's own."""
        return self._service is not None and self._actor is sessions.service(self._actor.region)

    @functools.cached_property
    def _wide(self) -> EnvironmentLock | None:
        """In the service user's project."""
        return self._environment_lock(self._service) if self._service else None

    def _environment_lock(self, actor: Actor) -> EnvironmentLock:
        return EnvironmentLock(Environments(actor), LOCK + self._cluster_id, self._is_over)

    def _environment_locks(self) -> list[EnvironmentLock]:
        own = self._environment_lock(self._actor)
        return [self._wide, own] if self._wide else [own]

    def _record(self) -> dict[str, Any]:
        """The lock's record: the service user's, else the caller's; empty when nobody holds it."""
        found = self._wide.read() if self._wide else {}
        return found or self._control() or {}

    def _control(self) -> dict[str, Any] | None:
        """The lock's record in the caller's project, with the operator's flags."""
        name = LOCK + self._cluster_id
        if self._is_service:
            return Environments(self._actor).of_project(name, self._project_id)
        return Environments(self._actor).read(name)

    def _release_control(self, owner: str) -> bool:
        """Release the caller's environment; without the caller's rights it stays, and the next
        upgrade takes it over because its owner has ended."""
        if self._is_service:
            return False
        try:
            return self._environment_lock(self._actor).release(owner)
        except (UpgradeError, APIException) as error:
            if explain(error).klass != STOP:
                raise
            return False

    def _is_over(self, execution: str) -> bool:
        return self._reader.is_over(execution, elsewhere=self._service is not None)


def held_by(actor: Actor, owner: str) -> list[str]:
    """Ids of the clusters that an execution holds, by the notes of the actor's project."""
    found = Environments(actor).named(LOCK).values()
    return sorted({one["cluster_id"] for one in found
                   if one.get("owner") == owner and "cluster_id" in one})


def _forget(actor: Actor, run: str) -> None:
    """Drop rights and record of a run that has ended without doing so; a failure is only logged,
    because a trust expires by itself and nobody asks for the record of another run."""
    try:
        Record(actor, run).drop()
        rights.drop(run)
    except Exception as error:  # noqa: BLE001  the lock is ours all the same
        LOG.warning("The rights of execution %s are left: %s", run, explain(error).message)
