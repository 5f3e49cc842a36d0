"""A cluster that trove-api holds for an execution which never got as far as take_lock."""
from ..planning.lock_names import execution_of
from ..services import sessions
from ..services.executions import ExecutionReader
from ..services.trove_task import HELD, TroveTask


def give_back_start(run: str, cluster_id: str, start_token: str) -> bool:
    """End the hold that trove-api took for the execution ``run``, if it never got to take_lock.

    The start_token and the cluster came with the execution's inputs: only a cluster of the
    execution's own project is given back.
    """
    service = sessions.service()
    if service is None or not start_token or run != execution_of(cluster_id, start_token):
        return False
    task = TroveTask(service, cluster_id)
    now = task.look()
    if now is None or (now.task, now.since) != (HELD, start_token):
        return False
    if task.project() != ExecutionReader(service).project_of(run):
        return False
    task.give_back(start_token)
    return True
