"""Who holds a cluster: Trove's own task UPGRADING_CLUSTER, taken and given back in one UPDATE.

``since`` (the row's ``updated``) tells one hold from the next. Every take therefore writes a later
moment than the row had, by whole seconds: databases drop fractions.
"""
from datetime import datetime, timedelta
from typing import Any

from oslo_utils import timeutils
from trove.cluster.models import DBCluster
from trove.cluster.tasks import ClusterTask, ClusterTasks
from trove.db.sqlalchemy import session

from ...planning import lock_names

HELD = ClusterTasks.UPGRADING_CLUSTER
FREE = ClusterTasks.NONE
TRIES = 5


def read(cluster_id: str) -> DBCluster | None:
    """The cluster's row as it is now, of whatever project."""
    return DBCluster.get_by(id=cluster_id, deleted=False)


def take(cluster_id: str) -> datetime | None:
    """Hold a cluster that has no task; since when, or None when it has one."""
    for _ in range(TRIES):
        row = read(cluster_id)
        if row is None or row.task_status != FREE:
            return None
        since = _later(row.updated)
        if _change(cluster_id, (FREE, row.updated), {"task_id": HELD.code, "updated": since}):
            return since
    return None     # something else keeps changing it


def take_over(cluster_id: str, since: datetime) -> datetime | None:
    """Hold a cluster that somebody holds since then; None when that is no longer so."""
    new = _later(since)
    return new if _change(cluster_id, (HELD, since), {"updated": new}) else None


def give_back(cluster_id: str, since: datetime | None = None,
              version_id: str | None = None) -> bool:
    """End the hold (only the one of ``since``, when given) and set the version, when given."""
    row = read(cluster_id)
    if row is None or row.task_status != HELD or since not in (None, row.updated):
        return False
    values = {"task_id": FREE.code, "updated": max(row.updated, _now())}
    if version_id:
        values["datastore_version_id"] = version_id
    return _change(cluster_id, (HELD, row.updated), values)


def execution_of(cluster_id: str, since: datetime, key: str) -> str:
    """Id of the execution that a start from here makes under that hold."""
    return lock_names.execution_of(cluster_id, since.isoformat(), key)


def age(since: datetime) -> float:
    """Seconds."""
    return (timeutils.utcnow() - since).total_seconds()


def _change(cluster_id: str, seen: tuple[ClusterTask, datetime], values: dict[str, Any]) -> bool:
    """The one conditional UPDATE: whether the row was still as seen."""
    task, updated = seen
    made = session.get_session()
    with made.begin():
        rows = made.query(DBCluster).filter_by(
            id=cluster_id, deleted=False, task_id=task.code, updated=updated)
        return rows.update(values, synchronize_session=False) == 1


def _later(moment: datetime) -> datetime:
    return max(_now(), moment.replace(microsecond=0) + timedelta(seconds=1))


def _now() -> datetime:
    return timeutils.utcnow().replace(microsecond=0)
