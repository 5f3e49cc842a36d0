"""A cluster that trove-api has taken for an execution which ended before its task take_lock."""
from ..planning.lock_names import START_KEY, execution_of
from ..services import rights, sessions
from ..services.environments import Environments
from ..services.executions import ExecutionReader
from ..services.trove_task import HELD, TroveTask


def started_for(cluster_id: str, since: str) -> str:
    """Id of the execution that trove-api starts under the hold of that moment."""
    service = sessions.service()
    found = Environments(service).read(START_KEY) if service else None
    return execution_of(cluster_id, since, (found or {}).get("key", ""))


def give_back_start(run: str, cluster_id: str, start_token: str) -> bool:
    """Give the cluster back in Trove, if trove-api took it for the execution ``run``.

    Start token and cluster come from the execution's input, which its caller chose. So only a
    cluster of the execution's own project is given back.

    :param start_token: the moment at which trove-api took the cluster, or empty.
    :returns: whether it was given back.
    """
    service = sessions.service()
    if service is None or not start_token or run != started_for(cluster_id, start_token):
        return False
    where_it_is = sessions.service(rights.region_of(run, service)) or service
    task = TroveTask(where_it_is, cluster_id)
    now = task.look()
    if now is None or (now.task, now.since) != (HELD, start_token):
        return False
    if task.project() != ExecutionReader(service).project_of(run):
        return False
    task.give_back(start_token)
    return True
