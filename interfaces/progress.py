"""From the tree of executions to what people want to know. Pure: no I/O, no client.

Executions and tasks are dicts as Mistral's API gives them; times are UTC with whole seconds.
"""
import dataclasses
import datetime
import json

from ..planning.executions import ENDED, UPGRADES

PREFIX = "trove_upgrade."
ENTRY = (*UPGRADES, PREFIX + "finalize")
RUN = "upgrade"      # the task of an entry that calls the body
BODY, PREPARE = PREFIX + "upgrade", PREFIX + "prepare"
MEMBER = PREFIX + "member"
ROLLBACK = PREFIX + "member_rollback"

WAITING = "await_turn"      # the task of a run that is queued
# By the open tasks of a run: those that call its parts, and the steps in them that tell more.
PARTS = {"prepare": "planning", "roll": "upgrading", "complete": "verifying",
         "finalize": "finalising", "undo": "rolling back", "hold_failed": "holding",
         "finish": "finalising", "release_lock": "finalising", "report": "finalising",
         "drop_rights": "finalising"}
PHASES = {WAITING: "queued", "take_lock": "locking", "check_preflight": "preflight",
          "request_backup": "backing up",
          "await_backup": "backing up", "suspend_background": "preflight", "bake": "baking",
          "hold_last": "holding", "hold": "holding", "bake_canary": "baking"}
STEPS = {"switchover": "switching over", "request_upgrade": "requested",
         "await_evidence": "awaiting evidence"}
BETWEEN = "under way"     # between two steps
RESULT_STATES = {"upgraded": "upgraded", "skipped": "upgraded", "rolled_back": "rolled back",
                 "failed": "failed", "todo": "waiting", "unknown": "unknown"}


@dataclasses.dataclass
class Member:
    """One member; ``state`` is one of waiting, under way, switching over, requested,
    awaiting evidence, upgraded, rolling back, rolled back, failed, unknown. Times in seconds since
    the epoch, or None. ``failure``: why it failed, as its step said, while the upgrade goes on.
    ``spans``: each time that it was worked on, as (upgrade or undo, began, ended, state of the
    execution)."""

    id: str
    name: str
    role: str = ""
    domain: str = ""
    version: str = ""
    state: str = "waiting"
    started: float | None = None
    ended: float | None = None
    elapsed_sec: float | None = None
    failure: str = ""
    spans: list[tuple[str, float | None, float | None, str]] = dataclasses.field(
        default_factory=list)


@dataclasses.dataclass
class Progress:
    """An upgrade at one moment. ``waves`` holds the members in the order in which they go.

    ``state`` is the execution's: RUNNING, PAUSED, SUCCESS, ERROR or CANCELLED. ``plan`` is None
    until it is made, ``result`` until the end (schemas/plan.json, result.json). Another workflow
    may have started this one: then ``root_id`` is that one's execution. ``place`` is where it
    stands in the queue and how many wait, while its phase is ``queued`` and that is known.
    """

    execution_id: str
    state: str
    phase: str
    message: str = ""
    cluster: str = ""
    from_version: str = ""
    to_version: str = ""
    waves: list[list[Member]] = dataclasses.field(default_factory=list)
    untouched: list[Member] = dataclasses.field(default_factory=list)
    started: float | None = None
    elapsed_sec: float = 0.0
    plan: dict | None = None
    result: dict | None = None
    root_id: str = ""
    place: list[int] | None = None

    @property
    def standing(self):
        """In words where it stands: paused, or its phase, with its place in the queue."""
        return "paused" if self.state == "PAUSED" else self.phase_and_place

    @property
    def phase_and_place(self):
        """Its phase, and its place in the queue while it is queued."""
        return f"{self.phase}, place {self.place[0]} of {self.place[1]}" if self.place \
            else self.phase

    @property
    def ended(self):
        """Whether nothing more will happen by itself."""
        return self.state in ENDED

    @property
    def members(self):
        """All members, in order."""
        return [member for wave in self.waves for member in wave] + self.untouched

    def as_dict(self):
        """Everything as plain data; the plan is left out, it has its own command."""
        data = dataclasses.asdict(self)
        del data["plan"]
        return data


@dataclasses.dataclass
class Tree:
    """What one look at Mistral gives. ``open_tasks`` are the tasks that have not ended, those of
    the sub-workflows too; ``plan`` is None until it is made; ``turn`` is what a run was told last
    that is queued (planning.queue.Turn)."""

    root: dict
    children: list[dict] = dataclasses.field(default_factory=list)
    open_tasks: list[dict] = dataclasses.field(default_factory=list)
    plan: dict | None = None
    turn: dict | None = None


def build(tree, now):
    """Return the Progress of a tree at ``now`` (seconds since the epoch)."""
    plan = tree.plan or {}
    root = tree.root
    result = as_object(root.get("output")) if root["state"] in ENDED else None
    members = _members(tree, plan, result or {}, now)
    waves = _waves(tree, plan, members)
    in_waves = {member.id for wave in waves for member in wave}
    phase = _phase(tree)
    return Progress(
        execution_id=root["id"], state=root["state"], phase=phase,
        message=_message(root, result),
        cluster=plan.get("cluster", {}).get("name") or _asked_for(root),
        from_version=plan.get("from_version", ""),
        to_version=plan.get("to_version", {}).get("name", ""), waves=waves,
        untouched=[one for one in members.values() if one.id not in in_waves],
        started=seconds(root["created_at"]), elapsed_sec=_elapsed(root, now), plan=tree.plan,
        result=result if result and "status" in result else None,
        root_id=root.get("root_execution_id") or root["id"],
        place=_place(tree.turn or {}) if phase == "queued" else None)


def _place(turn):
    return [turn["place"], turn["of"]] if turn.get("place") else None


def _asked_for(root):
    """How the inputs call what is upgraded: an id or a name."""
    inputs = as_object(root.get("input"))
    return str(inputs.get("cluster_id") or inputs.get("instance_id") or "")


def as_object(value):
    """Return a JSON object that the API gives as text, sometimes, as a dict."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def seconds(text):
    """Return the API's time as seconds since the epoch, or None."""
    if not text:
        return None
    moment = datetime.datetime.fromisoformat(text.replace("Z", ""))
    return moment.replace(tzinfo=datetime.UTC).timestamp()


def _phase(tree):
    if tree.root["state"] in ENDED:
        return "done"
    names = [task["name"] for task in tree.open_tasks if task["name"] != RUN]
    for known in (PHASES, PARTS):
        if found := [known[name] for name in names if name in known]:
            return found[-1]
    begun = any(one["workflow_name"] == BODY for one in tree.children)
    return names[-1].replace("_", " ") if names else "finalising" if begun else "planning"


def _message(root, result):
    return (result or {}).get("summary") or root.get("state_info") or ""


def _elapsed(execution, now):
    end = seconds(execution["updated_at"]) if execution["state"] in ENDED else now
    return max(0.0, end - seconds(execution["created_at"]))


def _members(tree, plan, result, now):
    """{id: Member}: the plan's, then what the executions say, then what the result says."""
    members = {}
    for one in plan.get("members", []):
        fields = {key: one.get(key, "") for key in ("id", "name", "role", "domain", "version")}
        members[one["id"]] = Member(**fields, state="upgraded" if one.get("done") else "waiting")
    steps = {task["workflow_execution_id"]: task["name"] for task in tree.open_tasks}
    for execution in _member_executions(tree):
        identifier = as_object(execution.get("input")).get("member")
        if identifier:
            member = members.setdefault(identifier, Member(identifier, identifier))
            _apply(member, execution, steps.get(execution["id"]), now)
            if member.state == "upgraded":
                member.version = plan.get("to_version", {}).get("number") or member.version
    _apply_result(members, result)
    return members


def _member_executions(tree):
    found = [one for one in tree.children if one["workflow_name"] in (MEMBER, ROLLBACK)]
    return sorted(found, key=lambda one: (one["created_at"], one["workflow_name"] == ROLLBACK))


def _apply(member, execution, step, now):
    member.state = _state(execution, step)
    member.started = seconds(execution["created_at"])
    ended = execution["state"] in ENDED
    member.ended = seconds(execution["updated_at"]) if ended else None
    member.elapsed_sec = _elapsed(execution, now)
    member.failure = member.failure or _failure(execution)
    what = "undo" if execution["workflow_name"] == ROLLBACK else "upgrade"
    member.spans.append((what, member.started, member.ended, execution["state"]))


def _failure(execution):
    failed = as_object(execution.get("output")).get("failure") or []
    return next((str(one["message"]) for one in failed
                 if isinstance(one, dict) and one.get("message")), "")


def _state(execution, step):
    undo = execution["workflow_name"] == ROLLBACK
    if execution["state"] == "SUCCESS":
        return "rolled back" if undo else "upgraded"
    if execution["state"] in ENDED:
        return "failed"
    return "rolling back" if undo else STEPS.get(step, BETWEEN)


def _apply_result(members, result):
    for key, state in RESULT_STATES.items():
        for item in result.get(key) or []:
            if item.get("id") in members:
                members[item["id"]].state = state
                members[item["id"]].version = item.get("version") or ""


def _waves(tree, plan, members):
    """The waves that began, as they began, then the plan's with whom has not begun yet.

    The members of one wave are the sub-workflows of one task.
    """
    begun: dict[str, list[str]] = {}
    for execution in _member_executions(tree):
        identifier = as_object(execution.get("input")).get("member")
        earlier = any(identifier in wave for wave in begun.values())
        if execution["workflow_name"] == MEMBER and identifier and not earlier:
            begun.setdefault(execution["task_execution_id"], []).append(identifier)
    waves = list(begun.values())
    started = {identifier for wave in waves for identifier in wave}
    for wave in plan.get("waves", []):
        waves.append([one for one in wave if one not in started and one in members])
    return [[members[one] for one in wave] for wave in waves if wave]
