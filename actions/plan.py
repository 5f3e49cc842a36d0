"""The plan of an upgrade; made again under the lock it becomes the run's record."""
import dataclasses
import datetime
from typing import Any

from .. import datastores
from ..datastores.base import Driver
from ..ownership.lock import Lock
from ..planning import verdict, waves, window
from ..planning.documents import Brief
from ..planning.documents import Plan as PlanDocument
from ..planning.evidence import check_sight, is_blind
from ..planning.groups import CLUSTER, SET
from ..planning.plan import brief, make_plan
from ..planning.snapshot import ClusterSnapshot
from ..schemas import UpgradeError, read_input
from ..services import access_files, differing, rights
from ..services.executions import ExecutionReader
from ..services.members import driver_named, found_now, placed_by
from ..services.record import Record
from ..services.trove import Trove
from .base import UpgradeAction


class Plan(UpgradeAction):
    """The plan of an upgrade (schemas/plan.json). Changes nothing.

    :param run: the execution that people have started; it will own the lock.
    :param inputs: what the caller of the workflow gave (schemas/input.json), as it came; of a
        replication set with ``instance_id`` in the place of ``cluster_id``.
    :param start_token: the moment since when trove-api holds the cluster for this execution, or
        empty.
    :param kind: ``cluster`` or ``replication_set``.
    """

    def __init__(self, run: str, inputs: dict[str, Any], start_token: str = "",
                 kind: str = CLUSTER):
        super().__init__()
        self.run_id, self.inputs, self.start_token, self.kind = run, inputs, start_token, kind

    def act(self, context: Any) -> PlanDocument:
        options = read_options(self.inputs, self.kind)
        window.check_start(options["latest_start"], datetime.datetime.now(datetime.UTC))
        return _plan(context, self.run_id, options, self.kind, bool(self.start_token))[0]


class Preflight(UpgradeAction):
    """The plan made again under the lock; fails with code ``refused`` when a check says no.

    Notes the settings that will be given back at the end, before any of them is changed, and writes
    the run's record, by which all later steps work.

    :param run: the execution that owns the lock.
    :param options: the plan's ``options``.
    :param kind: ``cluster`` or ``replication_set``.
    :returns: what the workflows go by, see planning.plan.brief: of the plan itself there is one
        copy in the record and one in what was planned before.
    """

    def __init__(self, run: str, options: dict[str, Any], kind: str = CLUSTER):
        super().__init__()
        self.run_id, self.options, self.kind = run, options, kind

    def act(self, context: Any) -> Brief:
        self.check_name(context)
        actor = rights.acting(context, self.run_id)
        asked, _ = ExecutionReader(actor).asked_for(self.run_id)
        if read_options(asked, self.kind) != self.options:
            raise UpgradeError("foreign_rights", "These are not the inputs that the run was "
                               "started with.", "stop")
        plan, now, lock = _plan(context, self.run_id, self.options, self.kind)
        waves.check_lock(lock.read(), self.run_id, heed_abort=False)
        if not plan["ready"]:
            raise verdict.refusal(plan, again=is_blind(now.facts))
        check_sight(now.facts, now.unavailable())
        if plan["job"]["keep_rollback_path"] and (settings := now.untouched_settings()):
            lock.save_settings(settings)
        return brief(self._keep(Record(actor, self.run_id), plan))

    @staticmethod
    def _keep(record: Record, plan: PlanDocument) -> PlanDocument:
        """The fingerprint of the access file is kept where no tenant reads it, or not at all."""
        if not record.is_private:
            return record.keep(plan)
        pinned = access_files.fingerprint(plan["job"]["access"])
        return record.keep({**plan, "job": {**plan["job"], "access_fingerprint": pinned}})


def read_options(inputs: dict[str, Any], kind: str) -> dict[str, Any]:
    """What the caller of the workflow gave, checked, with defaults filled in."""
    if kind == CLUSTER or not isinstance(inputs, dict):
        return read_input(inputs)
    rest = {key: value for key, value in inputs.items() if key != "instance_id"}
    return read_input({"cluster_id": inputs.get("instance_id"), **rest})


def _plan(context: Any, owner: str, options: dict[str, Any], kind: str,
          task_is_ours: bool = False) -> tuple[PlanDocument, ClusterSnapshot, Lock]:
    now, driver, lock = _snapshot(context, options, owner, kind)
    if task_is_ours:
        now = dataclasses.replace(now, task_is_ours=True)
    return make_plan(now, driver, options, owner), now, lock


def _snapshot(context: Any, options: dict[str, Any], owner: str,
              kind: str) -> tuple[ClusterSnapshot, Driver, Lock]:
    """Everything that a plan needs, with the driver that read it and the cluster's lock.

    :param owner: the execution that asks; its own lock does not stand in its way.
    """
    actor = rights.acting(context, owner)
    trove = Trove(actor)
    cluster = found_now(trove, kind, options["cluster_id"])
    rights.acting(context, owner, cluster["id"])        # what the run has kept is for one cluster
    offered = trove.versions(cluster["datastore"])
    target = trove.target(options["datastore_version"], cluster["datastore"], offered)
    name = datastores.choose(options["driver"], cluster["datastore"], kind == SET)
    project_id = context.security.project_id or ""
    driver = driver_named(name, options["access"], project_id, cluster["id"], actor)
    members = placed_by(driver, trove.recorded(cluster.pop("members")))
    lock = Lock(actor, cluster["id"], project_id)
    holder = lock.live_owner()
    now = ClusterSnapshot(cluster, members, offered, target, driver.read(members),
                          "" if holder == owner else holder, lock.saved_settings(),
                          lock.holds_task(owner), lock.reach(in_trove=kind == CLUSTER), kind,
                          project_id=project_id, retired=trove.retired(cluster, members, offered),
                          access_file=access_files.exists(options["access"]),
                          executors=differing.note(actor))
    return now, driver, lock
