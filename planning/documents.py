"""The documents of an upgrade: what it works by and what it hands on, as schemas/*.json say.

They are JSON from the moment when they are made: Mistral stores them, people read them. So they are
typed dicts, and mypy knows their keys.
"""
from typing import Any, Literal, NotRequired, TypedDict


class Version(TypedDict):
    """A datastore version of Trove's; ``number`` is its name where Trove has no numbers."""

    id: str
    name: str
    number: str


class PlanMember(TypedDict):
    """A member in a plan; ``origin`` is where a rollback takes it, ``done`` ones stay untouched.

    ``recorded`` is its version by Trove when the plan was made. ``was`` is the id of the instance
    whose place it took in the meantime.
    """

    id: str
    name: str
    address: str
    role: str
    domain: str
    kind: str
    version: str
    healthy: bool
    origin: Version
    recorded: str
    done: bool
    was: NotRequired[str]


class CheckResult(TypedDict):
    """The answer of one preflight check; ``ok`` is True for a yes alone."""

    name: str
    answer: Literal["yes", "no", "unknown"]
    ok: bool
    skipped: bool
    message: str
    remedy: str


def answer_of(check: CheckResult) -> str:
    """``yes``, ``no`` or ``unknown``; engines of the first version of this pack told no unknown."""
    return check.get("answer") or ("yes" if check["ok"] else "no")


class Finalizing(TypedDict):
    """What closes the rollback path, and when."""

    mode: Literal["auto", "manual"]
    steps: list[str]


class Tries(TypedDict):
    """How often the workflows repeat a step, by its kind, and after how many seconds."""

    steps: int
    delay_sec: int
    undo: int
    member: int
    gate: int
    bake: int
    backup: int
    switchover: int


class Job(TypedDict):
    """What every step needs to know; ``members`` are ids, of a replication set only, and ``backup``
    is the id of the member that is backed up before, or empty; ``access_file``: the access file was
    there when the plan was made. Times are in seconds. ``access_fingerprint`` stands in the run's
    record only, which tenants don't see."""

    cluster_id: str
    project_id: str
    kind: str
    members: list[str]
    driver: str
    access: str
    access_file: bool
    owner: str
    target: Version
    gate_passes: int
    poll_sec: float
    try_sec: float
    bake_sec: int
    member_timeout_sec: int
    tries: Tries
    keep_rollback_path: bool
    backup: str
    access_fingerprint: NotRequired[str]


class Plan(TypedDict):
    """A whole upgrade as data: schemas/plan.json. ``waves`` holds ids of members, in order."""

    cluster: dict[str, str]
    datastore: str
    direction: Literal["forward", "back", "none"]
    from_version: str
    to_version: Version
    members: list[PlanMember]
    waves: list[list[str]]
    checks: list[CheckResult]
    ready: bool
    rollback_path: str
    point_of_no_return: str
    backup: str
    finalize: Finalizing
    notes: list[str]
    options: dict[str, Any]
    job: Job


class Brief(TypedDict):
    """The little of a plan that the workflows go by; it does not grow with the members. ``backup``
    says whether one is taken, ``finalize`` when the rollback path is closed."""

    cluster_id: str
    datastore: str
    options: dict[str, Any]
    tries: Tries
    backup: bool
    finalize: Literal["auto", "manual"]


class WaveMember(TypedDict):
    """A member as it was when it was chosen: ``recorded`` is its version by Trove, ``identity``
    tells one start of its server from the next, ``server_id`` one server from another, ``holds``
    how much data it had."""

    id: str
    name: str
    address: str
    kind: str
    role: str
    domain: str
    version: str
    identity: str
    server_id: str
    origin: Version
    recorded: str
    holds: dict[str, int]


class Peer(TypedDict):
    """Any member of the cluster, as it is asked."""

    id: str
    name: str
    address: str
    kind: str


class Wave(TypedDict):
    """The members in hand by their ids. ``peers`` are all members, or empty where the plan's are
    all there as planned. ``unavailable`` are all that are unavailable while those in hand are,
    ``back`` says whether they go to their old version. ``anew`` says that the run has begun once
    more or goes back: then Trove's record of a member may be another than the plan's. ``number``
    counts the waves of this roll that came before, ``done`` are the ids that those have upgraded.
    ``stopped`` says whether a full stop was seen to be over.
    """

    members: dict[str, WaveMember]
    peers: list[Peer]
    unavailable: list[str]
    back: bool
    anew: bool
    number: int
    done: list[str]
    stopped: NotRequired[bool]
