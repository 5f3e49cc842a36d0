"""How a run ended, told by the members' own evidence (schemas/result.json)."""
from typing import Any

from ..datastores.base import ClusterFacts, Driver, Member
from ..schemas import UpgradeError
from .documents import Plan, PlanMember
from .groups import CLUSTER, NOUNS, SET, followed, kind_of, noun, option
from .undo import find_errors, reasons
from .versions import bears, number_of, runs

GOOD = ("upgraded", "nothing_to_do", "planned")
# Codes of errors that come before anything is touched.
REFUSALS = {"refused", "locked", "no_trust", "no_service_user", "not_allowed", "start_given_up",
            "execution_over", "backup_failed"}
# Checks that a member which is broken fails, and one that does not even answer.
BROKEN, UNREACHABLE = ("members_active", "members_healthy"), ("native_access",)
ALONE = ("replicas_ready",)     # when the source of a replication set is the only one that is well
LISTS = ("upgraded", "skipped", "rolled_back", "failed", "todo")


def refused(error: dict[str, Any], cluster: str, kind: str = CLUSTER) -> dict[str, Any]:
    """The result of a run that never got as far as a plan."""
    return _result("refused", f"The upgrade of {NOUNS[kind]} {cluster} is refused: "
                   f"{error['message']}", [error])


def planned(plan: Plan) -> dict[str, Any]:
    """The result of a dry run."""
    verdict = "it can start" if plan["ready"] else "it would be refused: " + complaints(plan)
    summary = (f"Plan for {noun(plan)} {plan['cluster']['name']} to {plan['to_version']['name']}: "
               f"{sum(map(len, plan['waves']))} members in {len(plan['waves'])} waves; {verdict}")
    return _result("planned", summary) | {"plan": plan}


def complaints(plan: Plan) -> str:
    """The failing checks as text: what is wrong and what to do."""
    wrong = [check for check in plan["checks"] if not check["ok"] and not check["skipped"]]
    return " ".join(f"[{check['name']}] {check['message']} {check['remedy']}" for check in wrong)


def verdict(driver: Driver, plan: Plan, members: list[Member], facts: ClusterFacts,
            failure: Any, undone: list[str], notes: list[str]) -> dict[str, Any]:
    """The result of a run that had a plan.

    :param failure: whatever the failed task left behind, or None.
    :param undone: ids of the members that the rollback put back.
    """
    plan = plan | {"members": followed(plan["members"], members)}
    errors = find_errors(failure)
    lacking = {error["instance"] for error in errors if error["code"] == "data_missing"}
    lists = _sort(plan, {member.id: member for member in members}, facts, set(undone), lacking)
    status = _status(plan, lists, errors)
    undo = _undo(plan, lists)
    closed = _closed(driver, plan, facts, lists) if undo else []
    notes = [*notes, *_faults(lists, members), *_rebuilt(plan),
             *(f"No rollback path: {reason}." for reason in closed)]
    return _result(status, _summary(plan, status, lists, errors), errors, notes) | lists | {
        "undo": "" if closed else undo, "resume": _resume(plan, lists, status)}


def as_planned(plan: Plan, failure: Any) -> dict[str, Any]:
    """The result of a run that has a plan and no record: nobody was asked since the plan.

    :param failure: whatever the failed task left behind, or None.
    """
    lists: dict[str, list[dict]] = {name: [] for name in LISTS}
    for one in plan["members"]:
        state = "skipped" if one["done"] else "todo" if one["healthy"] else "failed"
        lists[state].append({"id": one["id"], "name": one["name"], "version": one["version"]})
    errors = find_errors(failure)
    status = _status(plan, lists, errors)
    return _result(status, _summary(plan, status, lists, errors), errors) | lists | {
        "resume": _resume(plan, lists, status)}


def notes(plan: Plan, recorded: str, resting: dict[str, Any]) -> list[str]:
    """What else the report says of a run's end.

    :param recorded: name of the version that Trove shows for the cluster as a whole.
    :param resting: background work that could not be let go on, by its name.
    """
    found = []
    if recorded != plan["to_version"]["name"]:
        found.append(f"Trove still shows {recorded} for the cluster as a whole: its API has no "
                     "route to set that; each member shows its own version.")
    if resting:
        found.append(f"Still at rest, because it could not be let go on: {', '.join(resting)}. The "
                     "next run of an upgrade does it, or do it by hand.")
    return found


def _closed(driver: Driver, plan: Plan, facts: ClusterFacts, lists) -> list[str]:
    """Why members that are upgraded can't go back, each reason once."""
    origins = {one["id"]: number_of(one["origin"]) for one in plan["members"]}
    found = (driver.closed_rollback_path(facts, one["id"], origins[one["id"]])
               for one in lists["upgraded"])
    return list(dict.fromkeys(filter(None, found)))


def _faults(lists, members: list[Member]) -> list[str]:
    """What Trove itself says of the members that have failed."""
    failed = {one["id"] for one in lists["failed"]}
    return [f"Trove says of {one.name}: {one.fault.rstrip('.')}." for one in members
            if one.id in failed and one.fault]


def _rebuilt(plan: Plan) -> list[str]:
    return [f"Member {one['name']} was rebuilt: instance {one['was']} is gone, {one['id']} took "
            "its place." for one in plan["members"] if "was" in one]


def _sort(plan: Plan, members: dict[str, Member], facts: ClusterFacts, undone: set[str],
          lacking: set[str]):
    lists: dict[str, list[dict]] = {name: [] for name in LISTS}
    for planned_member in plan["members"]:
        one = planned_member["id"]
        back = planned_member.get("was", one) in undone
        state = "failed" if one in lacking else _state(plan, planned_member, members.get(one),
                                                       facts.get(one), back)
        version = facts[one].version if one in facts else ""
        lists[state].append({"id": one, "name": planned_member["name"], "version": version})
    return lists


def _state(plan: Plan, planned_member: PlanMember, member: Member | None, facts,
           undone: bool) -> str:
    if member is None or not facts.healthy or member.failed:
        return "failed"
    if runs(facts.version, plan["to_version"]) and bears(member, plan["to_version"]):
        return "skipped" if planned_member["done"] else "upgraded"
    if not runs(facts.version, planned_member["origin"]):
        return "failed"
    return "rolled_back" if undone else "todo"


def _status(plan: Plan, lists, errors) -> str:
    codes = {error["code"] for error in errors}
    if codes & REFUSALS:        # also when another run has brought all members there meanwhile
        return "refused"
    if _all_there(lists):
        if "aborted" in codes:      # and nothing was put back: too late, or as on_failure says
            return "aborted"
        if codes - {"trove_disagrees"}:
            return "failed"
        return "upgraded" if lists["upgraded"] else "nothing_to_do"
    if "aborted" in codes:
        return "aborted"
    if lists["failed"]:
        return "failed"
    return "stopped" if lists["upgraded"] or not lists["rolled_back"] else "rolled_back"


def _all_there(lists) -> bool:
    return not (lists["failed"] or lists["todo"] or lists["rolled_back"])


def _summary(plan: Plan, status, lists, errors) -> str:
    name, target = plan["cluster"]["name"], plan["to_version"]["name"]
    kind, why = noun(plan), reasons(errors)
    head = f"{kind.capitalize()} {name} is on {target}"
    sentences = {
        "upgraded": f"{head}: {len(lists['upgraded'])} members upgraded.",
        "nothing_to_do": f"{head} already; nothing was touched.",
        "refused": f"The upgrade of {kind} {name} to {target} is refused, nothing was changed.",
        "aborted": f"The upgrade of {kind} {name} to {target} was aborted; {_tally(lists)}.",
        "rolled_back": f"The upgrade of {kind} {name} to {target} failed and was undone; "
                       f"{_tally(lists)}.",
        "stopped": f"The upgrade of {kind} {name} to {target} stopped; {_tally(lists)}.",
        "failed": f"The upgrade of {kind} {name} to {target} failed and needs a person; "
                  f"{_tally(lists)}."}
    return f"{sentences[status]} {why}".strip()


def _tally(lists) -> str:
    words = {"upgraded": "upgraded", "skipped": "already there", "rolled_back": "rolled back",
             "failed": "failed", "todo": "not touched"}
    parts = [f"{word}: {', '.join(one['name'] for one in lists[key])}"
             for key, word in words.items() if lists[key]]
    return "; ".join(parts)


def _undo(plan: Plan, lists) -> str:
    if not lists["upgraded"] or plan["finalize"]["mode"] == "auto" and not lists["todo"]:
        return ""
    return _command(plan, version_before(plan)) + " --skip-check not_a_downgrade"


def version_before(plan: Plan) -> str:
    """Name of the version that the plan's members had; empty when it would touch none."""
    return next((one["origin"]["name"] for one in plan["members"] if not one["done"]), "")


def _resume(plan: Plan, lists, status: str) -> str:
    if status in ("failed", "aborted") and _all_there(lists):
        return f"trove-upgrade finalize {option(plan)}"
    if lists["failed"]:
        silent = any(not one["version"] for one in lists["failed"])
        alone = kind_of(plan) == SET and len(plan["members"]) - len(lists["failed"]) <= 1
        return _again(plan, *BROKEN, *(UNREACHABLE if silent else ()), *(ALONE if alone else ()))
    if lists["todo"] or lists["rolled_back"]:
        return _again(plan)
    return ""


def _again(plan: Plan, *more: str) -> str:
    """The run once more, with the checks that were skipped for it and ``more``."""
    names = dict.fromkeys([*more, *plan["options"]["skip_checks"]])
    return " ".join([_command(plan, plan["to_version"]["name"]),
                     *(f"--skip-check {name}" for name in names)])


def _command(plan: Plan, version: str) -> str:
    return f"trove-upgrade run {option(plan)} --datastore-version {version}"


def _result(status: str, summary: str, errors: list[dict[str, Any]] | None = None,
            notes: list[str] | None = None) -> dict[str, Any]:
    return {"status": status, "summary": summary, **{name: [] for name in LISTS},
            "undo": "", "resume": "", "errors": errors or [], "notes": notes or []}


def refusal(plan: Plan) -> UpgradeError:
    """The error of a preflight that forbids the run."""
    return UpgradeError("refused", complaints(plan), "stop")
