"""Send again what was lost between the parts of Mistral's engine.

Of one process, after a start on an existing file (``find_work``): its messages lived in memory. Of
a service (``find_stalled``, run by reviver.py): Mistral takes a message off its queue before it
works on it, so it ends with the engine, or with a database that is away.

What a lost message leaves in the database, and what is done about it here:

- an action that nobody runs any more (its request, or its result, was lost): the pack's own are
  requested again, which they allow by contract; others fail with an error of class retry, as the
  heartbeat checker would say some seconds later, so that only their task's `retry` repeats them
  (in a service that checker does it: whether an executor still works can't be seen here);
- a task that was created and never started: it is started;
- a finished sub-workflow of which its parent has not heard: the parent is told again;
- a workflow that nobody looked at after its last task: it is looked at;
- a join that nobody looked at after its last condition: it is looked at;
- a pause between two tries that nobody ends (only in a service: where the database is away for
  minutes, the scheduler gives a job up, and drops it): the next try begins.

Why not pause and resume the root, which also starts IDLE tasks: when a member's workflow ends in
that very resume, Mistral sets the parent's with-items task to the child's state without completing
it (on_action_update): nothing is published, on-success and on-error are not followed, and a roll
ends as SUCCESS with waves undone (seen). It also starts tasks without their timeout policy.

A RUNNING task without any child needs nothing: Mistral writes the task's state and its action or
sub-workflow in one transaction. Jobs of the scheduler are in the database and come by themselves;
those that the dead process had begun are set free at once, not after captured_job_timeout.

Each cure may be too late, or be done by two: Mistral starts only a task that is IDLE, and ends only
one that has not ended.
"""
import contextlib
import datetime

from mistral import context
from mistral.db.v2 import api as db_api
from mistral.engine import policies, post_tx_queue, task_handler, workflow_handler
from mistral.rpc import clients
from mistral.scheduler import base as scheduler
from mistral.services import actions as action_service
from mistral.workflow import states
from mistral_lib import actions
from oslo_log import log
from oslo_utils import timeutils

from ..schemas.errors import RETRY, UpgradeError

LOG = log.getLogger(__name__)
LOST = UpgradeError(
    "engine_restarted",
    "The engine was started again while this step ran; the step is repeated.", RETRY).as_dict()
PACK = "trove_upgrade."
REPEATABLE = (PACK, "std.noop")
OPEN = (states.IDLE, states.WAITING, states.RUNNING, states.RUNNING_DELAYED,
        states.PAUSED)


def find_work():
    """Return [(project, cure, its arguments)]; to be called before anything works on the file.

    The users' tokens were in lost messages: what is repeated has its project and no token.
    """
    with _admin(), db_api.transaction():
        for job in db_api.get_scheduled_jobs(captured_at={"neq": None}):
            db_api.update_scheduled_job(job.id, {"captured_at": None})
        work = [(action.project_id,
                 _repeat if action.name.startswith(REPEATABLE) else _fail, (action.id,))
                for action in db_api.get_action_executions(state=states.RUNNING, is_sync=True)
                if action.task_execution_id]
        for execution in db_api.get_workflow_executions(state=states.RUNNING):
            work += [(execution.project_id, *item) for item in _work_of(execution)]
    return work


def find_stalled(quiet_sec):
    """Return the same of this pack's runs in a service whose engines work: only what nothing has
    changed for so many seconds.

    What an engine began after an executor's death is of no project; it is revived in its run's.
    """
    since = timeutils.utcnow() - datetime.timedelta(seconds=quiet_sec)
    with _admin(), db_api.transaction():
        return [(_project_of(execution), *item)
                for execution in db_api.get_workflow_executions(state=states.RUNNING)
                if execution.name.startswith(PACK)
                and _is_quiet(execution, since)     # it was not resumed just now
                for item in _work_of(execution, since)]


def revive(work):
    """Do what was found; an engine runs already."""
    for project, cure, arguments in work:
        LOG.warning("Lost on the way, and sent again: %s%s", cure.__name__, arguments)
        try:
            with _admin(project):
                cure(*arguments)
        except Exception:    # one that can't be cured must not keep the others from it
            LOG.exception("Could not revive: %s%s", cure.__name__, arguments)


def _project_of(execution):
    if not execution.project_id and execution.root_execution_id:
        execution = db_api.get_workflow_execution(execution.root_execution_id)
    return execution.project_id


def _work_of(execution, since=None):
    """What is to be done in an execution; ``since`` when nothing must have changed, if at all."""
    tasks = db_api.get_task_executions(workflow_execution_id=execution.id, state={"in": OPEN})
    if not tasks:
        return [(_look_at_workflow, (execution.id,))] if _is_quiet(execution, since) else []
    return [item for task in tasks if _is_quiet(task, since) for item in _work_of_task(task, since)]


def _is_quiet(row, since):
    return since is None or (row.updated_at or row.created_at) < since


def _work_of_task(task, since):
    if task.state == states.IDLE:
        # One that a policy had stopped says so, and is not new.
        return [(_start, (task.id, not task.state_info))]
    if task.state == states.WAITING:
        return [(_look_at_join, (task.id,))]
    if task.state == states.RUNNING_DELAYED:
        return [(_try_again, (task.id,))] if since and not _will_go_on(task) else []
    children = list(task.workflow_executions) if task.state == states.RUNNING else []
    if children and all(states.is_completed(child.state) and _is_quiet(child, since)
                        for child in children):
        return [(_tell_parent, (children[-1].id,))]
    return []


def _will_go_on(task):
    return any(job.func_args.get("task_ex_id") == task.id
               for job in db_api.get_scheduled_jobs(func_name=policies._CONTINUE_TASK_PATH))


def _repeat(action_id):
    with db_api.transaction(read_only=True):
        lost = db_api.get_action_execution(action_id)
        task = lost.task_execution
        execution = {"workflow_execution_id": task.workflow_execution_id,
                     "task_execution_id": task.id, "workflow_name": lost.workflow_name,
                     "action_execution_id": lost.id,
                     "callback_url": f"/v2/action_executions/{lost.id}"}
        about = action_service.get_system_action_provider().find(
            lost.name, lost.workflow_namespace)
        action = about.instantiate(lost.input, {})
    clients.get_executor_client().run_action(action, action_id, True, execution)


def _fail(action_id):
    clients.get_engine_client().on_action_complete(action_id, actions.Result(error=LOST))


def _start(task_id, new):
    clients.get_engine_client().start_task(
        task_id, first_run=new, waiting=False, triggered_by=None, rerun=False, reset=False)


def _tell_parent(execution_id):
    with db_api.transaction(read_only=True):
        child = db_api.get_workflow_execution(execution_id)
        state, why = child.state, child.state_info or f"{child.name} ended as {child.state}"
    result = None if state == states.SUCCESS else actions.Result(
        error=why, cancel=state == states.CANCELLED)
    clients.get_engine_client().on_action_complete(execution_id, result, wf_action=True)


@post_tx_queue.run
def _look_at_workflow(execution_id):
    with db_api.transaction():
        workflow_handler.check_and_complete(execution_id)


@post_tx_queue.run
def _look_at_join(task_id):
    with db_api.transaction():
        task_handler._schedule_refresh_task_state(task_id)


def _try_again(task_id):
    """An engine takes the job from the database; this process has no scheduler that runs."""
    scheduler.get_system_scheduler().schedule(scheduler.SchedulerJob(
        func_name=policies._CONTINUE_TASK_PATH, func_args={"task_ex_id": task_id}))


@contextlib.contextmanager
def _admin(project=None):
    """The context that sees all projects; what it creates belongs to ``project``."""
    context.set_ctx(context.MistralContext(is_admin=True, project_id=project))
    try:
        yield
    finally:
        context.set_ctx(None)
