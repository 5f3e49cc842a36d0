"""The first and the last steps of a run: take the cluster, keep the rights, give both back."""
from typing import Any

from ..ownership.lock import Lock
from ..ownership.start_token import give_back_start
from ..planning.groups import CLUSTER, SET
from ..planning.snapshot import is_done
from ..planning.versions import Version
from ..schemas import UpgradeError
from ..services import rights
from ..services.executions import ExecutionReader
from ..services.sessions import Actor
from ..services.trigger_trust import spare_trust
from ..services.trove import Trove
from .base import UpgradeAction, run_of
from .observe import driver_for, facts_of, found_now


class TakeLock(UpgradeAction):
    """Hold the cluster for this execution, or fail with code ``locked`` naming who holds it.

    :param cluster_id: id or unique name; of any member of a replication set.
    :param start_token: the moment since when trove-api holds the cluster for this execution, or
        empty.
    :param kind: ``cluster`` or ``replication_set``.
    :returns: ``{"cluster_id": id}``.
    """

    def __init__(self, cluster_id: str, start_token: str = "", kind: str = CLUSTER):
        super().__init__()
        self.cluster_id, self.start_token, self.kind = cluster_id, start_token, kind

    def act(self, context: Any) -> dict[str, str]:
        actor, run = rights.caller(context), _own_run(context)
        group = found_now(Trove(actor), self.kind, self.cluster_id)
        found, members = group["id"], [one.id for one in group["members"]]
        lock = Lock(actor, found, context.security.project_id)
        lock.take(run, self.start_token, members if self.kind == SET else ())
        if not ExecutionReader(actor).is_open(run):
            lock.release(run)
            raise _over(run)
        return {"cluster_id": found}


class KeepRights(UpgradeAction):
    """Keep the caller's rights for as long as this execution lasts, without its token.

    :param cluster_id: the only cluster they will be used for.
    :param kind: ``cluster`` or ``replication_set``.
    :returns: ``{"kept": whether there was something to keep}``.
    """

    def __init__(self, cluster_id: str, kind: str = CLUSTER):
        super().__init__()
        self.cluster_id, self.kind = cluster_id, kind

    def act(self, context: Any) -> dict[str, bool]:
        if not rights.are_kept():
            return {"kept": False}
        run = _own_run(context)
        kept = rights.keep(context, run, self.cluster_id, self.kind)
        if not ExecutionReader(kept.actor()).is_open(run):
            rights.drop(run)
            raise _over(run)
        return {"kept": True}


class ReleaseLock(UpgradeAction):
    """Give the cluster back if this execution holds it.

    :param cluster_id: its id.
    :param job: the plan's ``job`` to set the cluster's version in Trove when all members run the
        target by their own evidence; None to leave it as it is.
    """

    def __init__(self, cluster_id: str, job: dict[str, Any] | None = None):
        super().__init__()
        self.cluster_id, self.job = cluster_id, job

    def act(self, context: Any) -> dict[str, bool]:
        actor, run = rights.of_run(context), run_of(context)
        lock = Lock(actor, self.cluster_id, context.security.project_id)
        version = _reached(actor, self.job) if self.job and lock.holds_task(run) else ""
        return {"released": lock.release(run, version)}


class DropRights(UpgradeAction):
    """End what keep_rights has kept, and a hold of trove-api's that take_lock never came to.

    :param cluster_id: as the caller gave it.
    :param start_token: the moment since when trove-api holds the cluster for this execution, or
        empty.
    """

    def __init__(self, cluster_id: str = "", start_token: str = ""):
        super().__init__()
        self.cluster_id, self.start_token = cluster_id, start_token

    def act(self, context: Any) -> dict[str, bool]:
        run = run_of(context)
        given_back = give_back_start(run, self.cluster_id, self.start_token)
        dropped = rights.drop(run)
        spare_trust(context, run)
        return {"dropped": dropped, "given_back": given_back}


def _reached(actor: Actor, job: dict[str, Any]) -> str:
    """Id of the target when the whole cluster is on it, else empty."""
    target: Version = job["target"]
    trove = Trove(actor)
    members = trove.members(trove.group(job)["members"])
    facts = facts_of(driver_for(job), trove, members)
    return target["id"] if all(is_done(one, facts, target) for one in members) else ""


def _own_run(context: Any) -> str:
    if run := run_of(context):
        return run
    raise UpgradeError("not_in_a_run", "This action is a step of a workflow; start "
                       "trove_upgrade.cluster instead.", "stop")


def _over(run: str) -> UpgradeError:
    return UpgradeError("execution_over", f"Execution {run} ended before it began; nothing was "
                        "changed.", "stop")
