"""Upgrades on a Mistral: start, look, pause, resume, abort. Works on a service and embedded."""
import contextlib
import itertools
import time

from ..planning.groups import SET
from ..planning.lock_names import LOCK
from . import pauses, rollback_path
from . import progress as views
from .errors import Forbidden, Refused, ServiceError, TookTooLong, Unreachable, UpgradeNotFound
from .services import service_errors
from .shapes import FINALIZE, SET_WORKFLOW, STARTED_BY, WORKFLOW, Upgrade

__all__ = ["FINALIZE", "Forbidden", "ServiceError", "Unreachable", "UpgradeNotFound", "Upgrades",
           "WORKFLOW", "finalize_inputs", "service_errors"]

POLL_SEC = 1.0          # each takes the engine as long as a step of the upgrade does
QUICK_POLL_SEC = 0.1
PAGE = 100
PLAN_SEC = 300
BEFORE_THE_LOCK = ("queued", "planning", "locking")
MEMBERS_AWAY = ("upgrading", "holding", "rolling back")     # or about to be
OPEN_STATES = "in:RUNNING,DELAYED,IDLE,PAUSED"
CHILD_FIELDS = ("id", "workflow_name", "task_execution_id", "state", "created_at", "updated_at",
                "input")
LIST_FIELDS = (*CHILD_FIELDS, "state_info", "project_id")
HOLD = "hold"           # so the names of those tasks begin
HOLDING = ("trove_upgrade.roll", "trove_upgrade.complete", views.BODY)   # have tasks that pause
TASK_FIELDS = ("id", "name", "state", "created_at", "workflow_execution_id")


def finalize_inputs(identifier, access=None, of_set=False):
    """Return the inputs of trove_upgrade.finalize; ``of_set``: the id is that of an instance."""
    return {"cluster_id": identifier, **({"access": access} if access else {}),
            **({"kind": SET} if of_set else {})}


class Upgrades:
    """The upgrades that a Mistral knows. ``client`` is a mistralclient.

    ``region``: of the clusters of upgrades that are started here and name none; empty: Mistral's
    own. A Mistral may serve several regions, and an engine may have been started for another.
    """

    def __init__(self, client, region=""):
        self._client = client
        self._region = region
        self._plans = {}

    def start(self, inputs, workflow=None, who=""):
        """Start an upgrade with the workflow's inputs and return its execution id.

        ``who`` starts it, as `list` says it.
        ``workflow``: default: that of replication sets where the inputs name an instance.
        """
        workflow = workflow or (SET_WORKFLOW if "instance_id" in inputs else WORKFLOW)
        asked = {**({"region": self._region} if self._region else {}), **inputs}
        with service_errors():
            about = {"description": STARTED_BY + who} if who else {}
            return self._client.executions.create(workflow, workflow_input=asked, **about).id

    def get(self, execution_id):
        """Return the execution as a dict, as Mistral's API gives it."""
        with service_errors():
            return self._client.executions.get(execution_id).to_dict()

    def progress(self, execution_id):
        """Return the Progress of an upgrade: three calls, and two more for its plan, once."""
        with service_errors():
            return views.build(self._tree(execution_id), time.time())

    def plan(self, inputs, timeout_sec=None):
        """Make a dry run to its end and return its Progress, whose ``plan`` is None if refused."""
        execution_id = self.start({**inputs, "dry_run": True})
        *_, look = self.follow(execution_id, poll_sec=QUICK_POLL_SEC, timeout_sec=timeout_sec)
        look.plan = (look.result or {}).get("plan") or look.plan
        return look

    def follow(self, execution_id, poll_sec=POLL_SEC, timeout_sec=None):
        """Yield its Progress until it has ended or is paused.

        :raises TookTooLong: after ``timeout_sec``; the upgrade goes on.
        """
        deadline = None if timeout_sec is None else time.monotonic() + timeout_sec
        while True:
            look = self.progress(execution_id)
            yield look
            if look.ended or look.state == "PAUSED":
                return
            if deadline is not None and time.monotonic() > deadline:
                raise TookTooLong(f"Execution {execution_id} has not ended in {timeout_sec} s; "
                                  f"it is {look.standing}, and goes on.")
            time.sleep(poll_sec)

    def list(self, limit=50):
        """Return the newest upgrades as dicts {id, workflow_name, state, created_at, input}."""
        return list(itertools.islice(self.each(), limit))

    def each(self, more=(), project=None, all_projects=False, **filters):
        """Yield our project's upgrades, newest first, as dicts; asks page by page.

        Mistral shows an administrator those of all projects, asked or not.

        ``more``: fields beside LIST_FIELDS; ``filters``: Mistral's own, such as ``state``.
        ``project``: id of another project instead. ``all_projects``: those of all.
        """
        if all_projects:
            filters["all_projects"] = "true"        # which refuses who may not
        wanted = project or (None if all_projects else self._project())
        marker = ""
        while True:
            with service_errors():
                page = self._client.executions.list(
                    limit=PAGE, marker=marker, sort_keys="created_at,id", sort_dirs="desc,desc",
                    fields=(*LIST_FIELDS, *more), workflow_name=f"in:{','.join(views.ENTRY)}",
                    **filters)
            yield from (one for one in (each.to_dict() for each in page)
                        if not wanted or one.get("project_id") in (None, wanted))
            if len(page) < PAGE:
                return
            marker = page[-1].id

    def newest(self):
        """Return the id of the newest upgrade; raise UpgradeNotFound when there is none."""
        found = self.list(limit=1)
        if not found:
            raise UpgradeNotFound("There is no upgrade here yet.")
        return found[0]["id"]

    def result(self, execution_id):
        """Return the output of an upgrade that has ended, or None while it goes on."""
        return self.progress(execution_id).result

    def to_undo(self, clusters=None):
        """Return the Progress of the newest upgrade that has left something to undo, or None.

        ``clusters``: ids and names of the only cluster that is looked at; None: any.
        """
        for execution in self.each():
            one = Upgrade.of(execution)
            if one.kind == "upgrade" and (clusters is None or one.cluster in clusters):
                look = self.progress(one.id)
                if rollback_path.stands(look):
                    return look
        return None

    def start_back(self, inputs, who=""):
        """Start the rollback path if its plan allows it; return the execution id.

        ``who`` starts it, as `list` says it.
        :raises Refused: with the checks that say no.
        """
        look = self.plan(inputs, timeout_sec=PLAN_SEC)
        if look.plan is None:
            raise Refused(look.message)
        rollback_path.check(look.plan)
        return self.start(inputs, who=who)

    def pause(self, execution_id, now=False):
        """Pause it: after the wave at hand when members are unavailable, at once otherwise.

        Mistral's own pause in the middle of a wave can lose the wave's outcome (a member that
        ends while paused may end the whole roll when it is resumed), so that takes ``now``.
        """
        look = self.progress(execution_id)
        if look.ended or look.state == "PAUSED":
            return
        if not now and look.phase in MEMBERS_AWAY and self._tell_lock(look, pause_after="all"):
            look = self.progress(execution_id)
            if look.ended or look.phase in MEMBERS_AWAY:
                return
        self._set_state(look, "PAUSED")     # nobody is unavailable, or the last wave has just ended

    def resume(self, execution_id):
        """Go on, at the root: a resumed child would leave the rest of the tree paused."""
        look = self.progress(execution_id)
        if look.ended:
            raise ServiceError(f"The upgrade has ended ({look.state}); start it again: members "
                               "that are done are not touched again.")
        self._tell_lock(look, pause_after=None)
        self._go_on(look)

    def abort(self, execution_id):
        """End it after the wave at hand, undone as its on_failure says; resumes a paused one."""
        look = self.progress(execution_id)
        if look.ended:
            return
        if self._tell_lock(look, abort=True):
            self._go_on(look)
        elif look.phase in BEFORE_THE_LOCK:        # nothing is touched yet
            self._set_state(look, "CANCELLED")

    def owner(self, cluster_id):
        """Return the execution that holds a cluster and is not over, or empty.

        Only what the caller's project can see: other projects are held off by the run itself.
        """
        return self._if_open(self._lock(cluster_id).get("owner", ""))

    def owner_of_set(self, instance_id):
        """Return the execution that holds an instance's replication set, as `owner` does."""
        with service_errors():
            locks = [views.as_object(one.variables) for one in self._client.environments.list()
                     if one.name.startswith(LOCK)]
        owners = (lock.get("owner", "") for lock in locks
                  if instance_id in lock.get("members", ()))
        return next(filter(None, map(self._if_open, owners)), "")

    def _if_open(self, owner):
        if not owner:
            return ""
        try:
            with service_errors():
                state = self._client.executions.get(owner).state
        except UpgradeNotFound:
            return ""
        return "" if state in views.ENDED else owner

    def pauses(self, execution_id):
        """Return each time that an upgrade waited for a person, as (began, ended), in seconds
        since the epoch; ended is None while it does."""
        with service_errors():
            root = self._client.executions.get(execution_id).to_dict()
            holding = [one.to_dict()["id"] for one in self._below(root)
                       if one.workflow_name in HOLDING]
            tasks = [task.to_dict() for one in holding for task in self._client.tasks.list(
                workflow_execution_id=one, fields=(*TASK_FIELDS, "updated_at"))]
            holds = [task for task in tasks if task["name"].startswith(HOLD)]
            return pauses.pauses(self._top(root), holds)

    def _top(self, root):
        """The execution that is paused and resumed: the upgrade's own, or who called it."""
        above = root.get("root_execution_id")
        return self._client.executions.get(above).to_dict() if above else root

    def _go_on(self, look):
        """Resume it where it is paused."""
        if look.state == "PAUSED":
            with contextlib.suppress(ServiceError):     # it goes on without a note, too
                self._note_pause(look)
            self._set_state(look, "RUNNING")

    def _note_pause(self, look):
        with service_errors():
            top = self._client.executions.get(look.root_id).to_dict()
            self._client.executions.update(look.root_id, None, env=pauses.note(top, time.time()))

    def _project(self):
        """Our project's id; None for a Mistral without Keystone, and for a file that is read."""
        http = getattr(self._client.executions, "http_client", None)
        with service_errors():
            return http.session.get_project_id() if http else None

    def _set_state(self, look, state):
        """Set it on the whole tree: a child alone would leave its parents behind."""
        with service_errors():
            self._client.executions.update(look.root_id, state)

    def _lock(self, cluster_id):
        """The lock's variables, or {}."""
        try:
            with service_errors():
                return views.as_object(self._client.environments.get(LOCK + cluster_id).variables)
        except UpgradeNotFound:
            return {}

    def _tell_lock(self, look, **changes):
        """Write into the lock's variables; return False when this run does not hold one."""
        cluster_id = look.plan["cluster"]["id"] if look.plan else ""
        variables = self._lock(cluster_id) if cluster_id else {}
        if variables.get("owner") != look.execution_id:
            return False
        with service_errors():
            self._client.environments.update(name=LOCK + cluster_id,
                                             variables={**variables, **changes})
        return True

    def _tree(self, execution_id):
        client = self._client
        root = client.executions.get(execution_id).to_dict()
        if root["workflow_name"] not in views.ENTRY:
            raise UpgradeNotFound(f"Execution {execution_id} is not an upgrade but "
                                  f"{root['workflow_name']}.")
        children = [one.to_dict() for one in self._below(root)]
        if root["state"] not in views.ENDED:       # the result tells it later
            self._add_failures(children)
        tasks = self._open_tasks([root, *children])
        return views.Tree(root, children, tasks, self._plan(execution_id, children),
                          self._turn(tasks))

    def _below(self, root):
        """The sub-workflows of an upgrade, all levels."""
        if root.get("root_execution_id"):          # it is itself a step of somebody's workflow
            return self._client.executions.get_ex_sub_executions(root["id"])
        return self._client.executions.list(root_execution_id=root["id"], fields=CHILD_FIELDS)

    def _add_failures(self, children):
        """Lists are asked without outputs, which can be large; those of failed members say why."""
        for one in children:
            if (one["workflow_name"], one["state"]) == (views.MEMBER, "ERROR"):
                one["output"] = self._client.executions.get(one["id"]).output

    def _open_tasks(self, executions):
        running = {one["id"] for one in executions if one["state"] not in views.ENDED}
        if not running:
            return []
        names = sorted({one["workflow_name"] for one in executions if one["id"] in running})
        found = self._client.tasks.list(
            state=OPEN_STATES, workflow_name="in:" + ",".join(names),
            fields=TASK_FIELDS)
        tasks = [task.to_dict() for task in found]
        return [task for task in tasks if task["workflow_execution_id"] in running]

    def _turn(self, tasks):
        """What a run that is queued was told last; None of any other."""
        waiting = [one["workflow_execution_id"] for one in tasks if one["name"] == views.WAITING]
        found = waiting and self._client.tasks.list(
            workflow_execution_id=waiting[0], state="SUCCESS", limit=1, fields=("id", "published"),
            sort_keys="created_at,id", sort_dirs="desc,desc")
        return views.as_object(found[0].to_dict()["published"]).get("turn") if found else None

    def _plan(self, execution_id, children):
        """What the run's first step has answered; None before it has."""
        preparing = [one["id"] for one in children if one["workflow_name"] == views.PREPARE]
        if preparing and execution_id not in self._plans:
            made = [task.id for task in self._client.tasks.list(
                workflow_execution_id=preparing[0], fields=("id", "name", "state"))
                if (task.name, task.state) == ("make_plan", "SUCCESS")]
            for task in made:
                self._plans[execution_id] = views.as_object(
                    self._client.tasks.get(task).to_dict()["result"])
        return self._plans.get(execution_id)
