"""What receivers are told of an upgrade: event types and payloads of its notifications.

Facts in, payload out: what Mistral says of one execution's transition, what that execution was
given and has answered, and the upgrade's plan. Only the fields named here leave; inputs hold more.
"""
from datetime import datetime, timedelta
from typing import Any

from oslo_utils import strutils

from ..planning.executions import UPGRADES
from ..planning.undo import find_errors, reasons
from ..planning.verdict import LISTS

PREFIX = "trove.cluster.upgrade."
ROLLBACK = "trove_upgrade.rollback"
MEMBERS = ("trove_upgrade.member", "trove_upgrade.member_rollback")
SUBJECTS = {**dict.fromkeys(UPGRADES, ""), ROLLBACK: "rollback.", MEMBERS[0]: "member.",
            MEMBERS[1]: "member.rollback."}
MOMENTS = {"WORKFLOW_LAUNCHED": "start", "WORKFLOW_SUCCEEDED": "end", "WORKFLOW_FAILED": "error",
           "WORKFLOW_CANCELLED": "error"}
# Mistral pauses and resumes whole trees, so only the root tells of it.
ROOT_MOMENTS = MOMENTS | {"WORKFLOW_PAUSED": "pause", "WORKFLOW_RESUMED": "resume"}
# A new execution's two times are written together; a second may pass between them.
NEW = timedelta(seconds=2)
CANCELLED = "The execution was cancelled: nothing was undone and nothing was reported. Start the " \
            "upgrade again to finish or to undo it."


def event_type(told: dict[str, Any], event: str) -> str | None:
    """Type of the notification for a transition; None when nobody is told of it.

    :param told: what Mistral says of the execution, see ``payload``.
    :param event: Mistral's name of the transition, ``WORKFLOW_LAUNCHED`` for one.
    """
    workflow = told["workflow_name"]
    if workflow not in SUBJECTS or event == "WORKFLOW_LAUNCHED" and not _is_new(told):
        return None
    moment = (ROOT_MOMENTS if workflow in UPGRADES else MOMENTS).get(event)
    return f"{PREFIX}{SUBJECTS[workflow]}{moment}" if moment else None


def _is_new(told: dict[str, Any]) -> bool:
    """Mistral calls it a launch, too, when a resumed execution is told once more to run."""
    created, updated = (datetime.fromisoformat(told[key]) for key in ("created_at", "updated_at"))
    return updated - created <= NEW


def is_dry_run(given: dict[str, Any]) -> bool:
    """Whether the run only plans; forms send texts."""
    return strutils.bool_from_string(str(given.get("dry_run", False)).strip("\"' "))


def payload(told: dict[str, Any], event: str, when: str, given: dict[str, Any],
            answer: dict[str, Any], plan: dict[str, Any] | None,
            chosen: dict[str, Any] | None = None) -> dict[str, Any]:
    """The payload of a notification, without secrets.

    :param told: what Mistral says of the execution: ``{id, workflow_name, state, state_info,
        project_id, created_at, updated_at}``, the last as it was before the transition.
    :param event: Mistral's name of the transition.
    :param when: time of the transition.
    :param given: the execution's input.
    :param answer: its output, empty while it runs.
    :param plan: the upgrade's plan, or None when there is none yet.
    :param chosen: the execution's member as it was when it was chosen, if that is still known.
    """
    found = {"key": f"{told['id']}:{event}:{when}", "tenant_id": told["project_id"],
             "execution_id": owner(told, given), "state": told["state"], "state_changed_at": when,
             **_cluster(given, plan), **_member(told, given, plan or {}, chosen)}
    if event in ("WORKFLOW_FAILED", "WORKFLOW_CANCELLED"):
        found |= _failure(told, event, answer)
    if event in ("WORKFLOW_SUCCEEDED", "WORKFLOW_FAILED"):
        found |= _answer(told["workflow_name"], answer)
    return strutils.mask_dict_password(found)


def owner(told: dict[str, Any], given: dict[str, Any]) -> str:
    """Id of the execution of an entry workflow that this one belongs to."""
    if told["workflow_name"] in UPGRADES:
        return told["id"]
    return given.get("run", "")


def _cluster(given: dict[str, Any], plan: dict[str, Any] | None) -> dict[str, Any]:
    if plan is None:        # then all that is known is what was asked for, by id or name
        return {"cluster_id": given.get("cluster_id") or given.get("instance_id"),
                "datastore_version": given.get("datastore_version")}
    return {"cluster_id": plan["cluster"]["id"], "cluster_name": plan["cluster"]["name"],
            "datastore": plan["cluster"]["datastore"],
            "datastore_version": plan["to_version"]["name"],
            "datastore_version_id": plan["to_version"]["id"],
            "old_datastore_version": plan["from_version"]}


def _member(told: dict[str, Any], given: dict[str, Any], plan: dict[str, Any],
            chosen: dict[str, Any] | None) -> dict[str, Any]:
    if told["workflow_name"] not in MEMBERS:
        return {}
    planned = [one for one in plan.get("members", ()) if one["id"] == given["member"]]
    member = chosen or (planned[0] if planned else {})
    back = told["workflow_name"] == MEMBERS[1]
    wanted = member.get("origin") if back else plan.get("to_version")
    return {"instance_id": given["member"], "instance_name": member.get("name", ""),
            "role": member.get("role", ""), "version": member.get("version", ""),
            "wanted_version": (wanted or {}).get("name", "")}


def _failure(told: dict[str, Any], event: str, answer: dict[str, Any]) -> dict[str, Any]:
    errors = answer.get("errors") or find_errors(answer.get("failure"))
    words = CANCELLED if event == "WORKFLOW_CANCELLED" else (
        answer.get("summary") or reasons(errors) or told["state_info"] or "")
    return {"message": words[:2000],
            "errors": [{key: error.get(key, "") for key in ("code", "class", "instance")}
                       for error in errors]}


def _answer(workflow: str, answer: dict[str, Any]) -> dict[str, Any]:
    keys: tuple[str, ...] = ("undone", "ask")
    if workflow in UPGRADES:
        keys = ("status", "summary", *LISTS, "undo", "resume")
    elif workflow != ROLLBACK:
        evidence = answer.get("evidence") or {}
        return {key: evidence[key] for key in ("version", "role") if key in evidence}
    return {key: answer[key] for key in keys if key in answer}
