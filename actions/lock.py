"""The first and the last steps of a run: take the cluster, keep the rights, give both back."""
from typing import Any

from ..ownership.lock import Lock
from ..ownership.start_token import give_back_start
from ..planning.documents import Job
from ..planning.evidence import check_sight
from ..planning.groups import CLUSTER, SET
from ..planning.plan import TRY_SEC
from ..planning.versions import Version, runs
from ..schemas import UpgradeError
from ..services import rights
from ..services.executions import ExecutionReader
from ..services.members import driver_for, facts_of, found_now
from ..services.record import Record
from ..services.sessions import Actor
from ..services.trigger_trust import spare_trust
from ..services.trove import Trove
from .base import UpgradeAction


class LockAction(UpgradeAction):
    """A first or last step of a run, which may have kept no rights yet, or none any more.

    :param run: the execution that people have started: this one, or one that has called it.
    """

    def __init__(self, run: str):
        super().__init__()
        self.run_id = run

    def act(self, context: Any) -> Any:
        self.check_name(context)
        if not rights.belongs(context, self.run_id, rights.caller(context)):
            raise rights.not_in_a_run()
        return self.step(context)

    def step(self, context: Any) -> Any:
        """The work of the step; what it raises becomes the action's error."""
        raise NotImplementedError

    def verified(self, context: Any) -> tuple[dict[str, Any], Actor]:
        """What Keystone says of the caller's token, and who acts, before anything is done as the
        service user. A run that has waited for its turn has kept its rights before: then it needs
        no token, which may have run out.

        :raises UpgradeError: code ``foreign_rights``, or that of a token that is not accepted.
        """
        if rights.find(self.run_id):
            token, actor = {}, rights.acting(context, self.run_id)
        else:
            token, actor = rights.verify_caller(context), rights.caller(context, self.run_id)
        rights.check_workflow(self.run_id, actor)
        return token, actor


def execution_over(run: str) -> UpgradeError:
    """The error of a run that has ended meanwhile."""
    return UpgradeError("execution_over", f"Execution {run} ended before it began; nothing was "
                        "changed.", "stop")


class TakeLock(LockAction):
    """Hold the cluster for the run, or fail with code ``locked`` naming who holds it. Then keep the
    caller's rights for as long as the run lasts, without its token, unless it has done so before
    (see admit).

    :param cluster_id: id or unique name; of any member of a replication set.
    :param start_token: the moment since when trove-api holds the cluster for this execution, or
        empty.
    :param kind: ``cluster`` or ``replication_set``.
    :returns: ``{"cluster_id": id}``.
    """

    def __init__(self, run: str, cluster_id: str, start_token: str = "", kind: str = CLUSTER):
        super().__init__(run)
        self.cluster_id, self.start_token, self.kind = cluster_id, start_token, kind

    def step(self, context: Any) -> dict[str, str]:
        token, actor = self.verified(context)
        group = found_now(Trove(actor), self.kind, self.cluster_id)
        found, members = group["id"], [one.id for one in group["members"]]
        if rights.find(self.run_id):
            rights.acting(context, self.run_id, found)      # kept for this cluster alone
        lock = Lock(actor, found, context.security.project_id)
        lock.take(self.run_id, self.start_token, members if self.kind == SET else ())
        if rights.are_kept():
            rights.keep(context, token, self.run_id, found, self.kind)
        if not ExecutionReader(actor).is_open(self.run_id):
            lock.release(self.run_id)
            rights.drop(self.run_id)
            raise execution_over(self.run_id)
        return {"cluster_id": found}


class ReleaseLock(LockAction):
    """Give the cluster back if the run holds it.

    :param cluster_id: its id.
    :param with_version: whether to set the cluster's version in Trove, too, when all members run
        the target by their own evidence.
    """

    outlasts, try_sec = True, TRY_SEC

    def __init__(self, run: str, cluster_id: str, with_version: bool = False):
        super().__init__(run)
        self.cluster_id, self.with_version = cluster_id, with_version

    def step(self, context: Any) -> dict[str, bool]:
        actor = rights.acting(context, self.run_id)
        lock = Lock(actor, self.cluster_id, context.security.project_id)
        plan = Record(actor, self.run_id).find() if self.with_version else None
        version = _reached(actor, plan["job"]) if plan and lock.holds_task(self.run_id) else ""
        return {"released": lock.release(self.run_id, version)}


class DropRights(LockAction):
    """End the run's record, what take_lock has kept, and a hold of trove-api's that take_lock never
    came to. A task of the run's own execution only: that can't be feigned.

    :param cluster_id: as the caller gave it.
    :param start_token: the moment since when trove-api holds the cluster for this execution, or
        empty.
    """

    outlasts, try_sec = True, TRY_SEC

    def __init__(self, run: str, cluster_id: str = "", start_token: str = ""):
        super().__init__(run)
        self.cluster_id, self.start_token = cluster_id, start_token

    def step(self, context: Any) -> dict[str, bool]:
        if context.execution.workflow_execution_id != self.run_id:
            raise UpgradeError("not_in_a_run", "Rights are dropped by the run that has kept them.",
                               "stop")
        given_back = give_back_start(self.run_id, self.cluster_id, self.start_token)
        Record(rights.acting(context, self.run_id), self.run_id).drop()
        dropped = rights.drop(self.run_id)
        spare_trust(context, self.run_id)
        return {"dropped": dropped, "given_back": given_back}


def _reached(actor: Actor, job: Job) -> str:
    """Id of the target when the whole cluster is on it by its members' own evidence, else empty."""
    target: Version = job["target"]
    trove, driver = Trove(actor, only=job), driver_for(job, actor)
    facts = facts_of(driver, trove, trove.group(job)["members"])
    check_sight(facts)
    there = all(one.healthy and runs(one.version, target) for one in facts.values())
    return target["id"] if there else ""
