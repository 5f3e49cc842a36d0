"""Who holds a cluster: Trove's own task UPGRADING_CLUSTER, taken and given back in one UPDATE.

``since`` (the row's ``updated``) tells one hold from the next. Every take therefore writes a later
moment than the row had, by whole seconds: databases drop fractions. A hold of somebody who can't be
asked whether it goes on lies ahead by the time for which it is taken.
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
CLOCKS_DIFFER = timedelta(minutes=5)     # those of two trove-api, at most


def read(cluster_id: str) -> DBCluster | None:
    """The cluster's row as it is now, of whatever project."""
    return DBCluster.get_by(id=cluster_id, deleted=False)


def take(cluster_id: str, for_sec: int = 0) -> datetime | None:
    """Hold a cluster that has no task; since when, or None when it has one.

    :param for_sec: so long it is not taken for a start that was given up.
    """
    for _ in range(TRIES):
        row = read(cluster_id)
        if row is None or row.task_status != FREE:
            return None
        since = _later(row.updated, for_sec)
        if _change(cluster_id, (FREE, row.updated), {"task_id": HELD.code, "updated": since}):
            return since
    return None     # something else keeps changing it


def take_over(cluster_id: str, since: datetime, for_sec: int = 0) -> datetime | None:
    """Hold a cluster that somebody holds since then; None when that is no longer so.

    :param for_sec: as of :func:`take`.
    """
    new = _later(since, for_sec)
    return new if _change(cluster_id, (HELD, since), {"updated": new}) else None


def give_back(cluster_id: str, since: datetime | None = None,
              version_id: str | None = None) -> bool:
    """End the hold (only the one of ``since``, when given) and set the version, when given."""
    row = read(cluster_id)
    if row is None or row.task_status != HELD or since not in (None, row.updated):
        return False
    values = {"task_id": FREE.code, "updated": _ended(row.updated)}
    if version_id:
        values["datastore_version_id"] = version_id
    return _change(cluster_id, (HELD, row.updated), values)


def execution_of(cluster_id: str, since: datetime, key: str) -> str:
    """Id of the execution that a start from here makes under that hold."""
    return lock_names.execution_of(cluster_id, since.isoformat(), key)


def age(since: datetime) -> float:
    """Seconds; below 0 of one that was taken for some time, until that is over."""
    return (timeutils.utcnow() - since).total_seconds()


def _change(cluster_id: str, seen: tuple[ClusterTask, datetime], values: dict[str, Any]) -> bool:
    """The one conditional UPDATE: whether the row was still as seen."""
    task, updated = seen
    made = session.get_session()
    with made.begin():
        rows = made.query(DBCluster).filter_by(
            id=cluster_id, deleted=False, task_id=task.code, updated=updated)
        return rows.update(values, synchronize_session=False) == 1


def _later(moment: datetime, for_sec: int = 0) -> datetime:
    return max(_now() + timedelta(seconds=for_sec),
               moment.replace(microsecond=0) + timedelta(seconds=1))


def _ended(since: datetime) -> datetime:
    """The moment of a row whose hold of then has ended: now, unless another's clock is ahead."""
    now = _now()
    return since if now < since < now + CLOCKS_DIFFER else now


def _now() -> datetime:
    return timeutils.utcnow().replace(microsecond=0)
