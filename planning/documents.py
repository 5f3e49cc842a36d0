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

    ``was`` is the id of the instance whose place it took in the meantime.
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
    done: bool
    was: NotRequired[str]


class CheckResult(TypedDict):
    """The answer of one preflight check."""

    name: str
    ok: bool
    skipped: bool
    message: str
    remedy: str


class Finalizing(TypedDict):
    """What closes the rollback path, and when."""

    mode: Literal["auto", "manual"]
    steps: list[str]


class Tries(TypedDict):
    """How often the workflows repeat a step, by its kind, and after how many seconds."""

    steps: int
    delay_sec: int
    member: int
    gate: int
    bake: int
    backup: int
    switchover: int


class Job(TypedDict):
    """What every step needs to know; ``members`` are ids, of a replication set only, and ``backup``
    is the id of the member that is backed up before, or empty. Times are in seconds.
    ``access_fingerprint`` stands in the run's record only, which tenants don't see."""

    cluster_id: str
    project_id: str
    kind: str
    members: list[str]
    driver: str
    access: str
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


class WaveMember(TypedDict):
    """A member as it was when it was chosen: ``recorded`` is its version by Trove, ``identity``
    tells one start of its server from the next, ``holds`` how much data it had."""

    id: str
    name: str
    address: str
    kind: str
    role: str
    domain: str
    version: str
    identity: str
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
    """The members in hand by their ids; ``unavailable`` are all that are unavailable while they
    are, ``back`` says whether they go to their old version, ``stopped`` whether a full stop was
    seen to be over."""

    members: dict[str, WaveMember]
    peers: list[Peer]
    unavailable: list[str]
    back: bool
    stopped: NotRequired[bool]
