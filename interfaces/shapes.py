"""The types that the Python API takes and gives; their keys are those of schemas/*.json."""
import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypedDict

from ..planning.documents import Plan as Plan
from .progress import PREFIX, as_object

WORKFLOW = PREFIX + "cluster"
SET_WORKFLOW = PREFIX + "replication_set"
FINALIZE = PREFIX + "finalize"
CHECK = PREFIX + "check_executors"
REFUSED = " is refused"         # of the summary of such a run: planning/verdict.py
STARTED_BY = "Started by "      # how the description of an execution begins


class Named(Protocol):
    """Anything with an id: resources of python-troveclient, of openstacksdk, our own."""

    id: str


class Inputs(TypedDict, total=False):
    """What `upgrade` and `plan` take beside cluster and version: schemas/input.json."""

    on_failure: Literal["rollback", "pause", "stop"]
    parallelism: Literal["one", "domain"]
    max_unavailable: int
    canary: bool
    bake_sec: int
    pause_after: Literal["none", "first", "all"]
    finalize: Literal["default", "auto", "manual"]
    keep_rollback_path: bool
    restore_roles: bool
    skip_checks: list[str]
    backup: Literal["auto", "skip"]
    backup_timeout_sec: int
    region: str
    driver: str
    access: str
    member_timeout_sec: int
    gate_timeout_sec: int
    gate_passes: int
    retry_count: int
    latest_start: str
    retry_delay_sec: int
    poll_sec: float


@dataclasses.dataclass(frozen=True)
class Upgrade:
    """One execution of ours, as a list shows it.

    :ivar kind: ``upgrade`` (a rollback is one, to the older version), ``plan`` or ``finalize``.
    :ivar cluster: id of the cluster, or of the instance by which a replication set was named; its
        name where somebody else started it by name.
    :ivar datastore_version: the target as it was asked for; empty for ``finalize``.
    :ivar state: RUNNING, PAUSED, SUCCESS, ERROR or CANCELLED.
    :ivar message: one sentence when it ended badly, else empty.
    :ivar status: the result's own word once it has ended, where it was asked for: upgraded,
        refused, rolled_back...
    :ivar who: who started it, by their own word; empty where nobody said.
    :ivar project: id of the project that it belongs to.
    :ivar created_at: UTC, ISO 8601; so is ``updated_at``.
    """

    id: str
    kind: Literal["upgrade", "plan", "finalize"]
    cluster: str
    datastore_version: str
    state: str
    message: str
    created_at: str
    updated_at: str
    status: str = ""
    who: str = ""
    project: str = ""

    @property
    def refused(self) -> bool:
        """Whether it ended before anything was changed: by a check, or by another one's lock."""
        return self.state == "ERROR" and REFUSED in self.message

    @classmethod
    def of(cls, execution: Mapping[str, Any]) -> "Upgrade":
        """From an execution as Mistral's API gives it."""
        inputs = as_object(execution.get("input"))
        return cls(
            id=execution["id"], kind=_kind(execution["workflow_name"], inputs),
            cluster=str(inputs.get("cluster_id") or inputs.get("instance_id") or ""),
            datastore_version=str(inputs.get("datastore_version", "")),
            state=execution["state"], message=execution.get("state_info") or "",
            created_at=execution["created_at"], updated_at=execution.get("updated_at") or "",
            project=execution.get("project_id") or "",
            status=str(as_object(execution.get("output")).get("status") or ""),
            who=(execution.get("description") or "").removeprefix(STARTED_BY)
            if (execution.get("description") or "").startswith(STARTED_BY) else "")


def _kind(workflow: str, inputs: Mapping[str, Any]) -> Literal["upgrade", "plan", "finalize"]:
    if workflow == FINALIZE:
        return "finalize"
    # A form or a shell may have made a text of it.
    return "plan" if str(inputs.get("dry_run", "")).lower() == "true" else "upgrade"
