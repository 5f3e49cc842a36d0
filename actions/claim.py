"""A cluster that trove-api holds for an execution which never got as far as take_lock."""
from ..planning.holding import execution_of
from . import sessions
from .executions import Witness
from .trove_task import HELD, TroveTask


def give_back_claim(run: str, cluster_id: str, claim: str) -> bool:
    """End the hold that trove-api took for the execution ``run``, if it never got to take_lock.

    The claim and the cluster came with the execution's inputs: only a cluster of the execution's
    own project is given back.
    """
    service = sessions.service()
    if service is None or not claim or run != execution_of(cluster_id, claim):
        return False
    task = TroveTask(service, cluster_id)
    now = task.look()
    if now is None or (now.task, now.since) != (HELD, claim):
        return False
    if task.project() != Witness(service).project_of(run):
        return False
    task.give_back(claim)
    return True
