"""How a run ended, told by the members' own evidence (schemas/result.json)."""
from typing import Any

from ..datastores.base import ClusterFacts, Driver, Member
from ..schemas import UpgradeError
from . import summary
from .command_lines import CARRIED, command, input_options
from .documents import Plan, PlanMember
from .groups import CLUSTER, NOUNS, SET, followed, kind_of, noun, target_input
from .stuck import RESTING, members_hint
from .undo import find_errors
from .versions import bears, called, number_of, reference, runs

GOOD = ("upgraded", "nothing_to_do", "planned")
# Codes of errors that come before anything is touched.
REFUSALS = {"refused", "locked", "no_trust", "no_service_user", "not_allowed", "start_given_up",
            "execution_over", "backup_failed", "too_late"}
# Checks that a member which is broken fails, and one that does not even answer.
BROKEN, UNREACHABLE = ("members_active", "members_healthy"), ("native_access",)
# Where nobody has to take over from the source of a replication set.
ALONE = ("replicas_ready",)
LISTS = ("upgraded", "skipped", "rolled_back", "failed", "todo", "unknown")


def refused(error: dict[str, Any], cluster: str, kind: str = CLUSTER) -> dict[str, Any]:
    """The result of a run that never got as far as a plan."""
    return _result("refused", f"The upgrade of {NOUNS[kind]} {cluster} is refused: "
                   f"{error['message']}", [error])


def planned(plan: Plan) -> dict[str, Any]:
    """The result of a dry run."""
    verdict = "it can start" if plan["ready"] else "it would be refused: " + complaints(plan)
    words = (f"Plan for {noun(plan)} {plan['cluster']['name']} to {called(plan['to_version'])}: "
             f"{sum(map(len, plan['waves']))} members in {len(plan['waves'])} waves; {verdict}")
    return _result("planned", words) | {"plan": plan}


def complaints(plan: Plan) -> str:
    """The checks that don't say yes as text: what is wrong and what to do. What could not be asked
    is told once for all checks that needed it."""
    names: dict[str, list[str]] = {}
    for check in plan["checks"]:
        if not check["ok"] and not check["skipped"]:
            names.setdefault(f"{check['message']} {check['remedy']}", []).append(check["name"])
    return " ".join(f"[{', '.join(same)}] {words}" for words, same in names.items())


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
    notes = [*notes, *_not_asked(plan, lists, members), *_faults(lists, members), *_rebuilt(plan),
             *(f"No rollback path: {reason}." for reason in closed)]
    why = summary.why(plan, lists, facts, members, errors)
    words = summary.sentences(plan, status, lists, errors, why)
    return _result(status, words, errors, notes) | lists | {
        "undo": "" if closed else undo, "resume": _resume(plan, lists, status)}


def as_planned(plan: Plan, failure: Any) -> dict[str, Any]:
    """The result of a run that has a plan and no record: nobody was asked since the plan.

    :param failure: whatever the failed task left behind, or None.
    """
    lists: dict[str, list[dict]] = {name: [] for name in LISTS}
    unseen = not any(one["version"] for one in plan["members"])
    for one in plan["members"]:
        state = "skipped" if one["done"] else "todo" if one["healthy"] \
            else "unknown" if unseen else "failed"
        lists[state].append({"id": one["id"], "name": one["name"], "version": one["version"]})
    errors = find_errors(failure)
    status = _status(plan, lists, errors)
    why = summary.told(plan, errors) or ([summary.UNTOLD] if status in summary.UNCLEAN else [])
    return _result(status, summary.sentences(plan, status, lists, errors, why), errors) | lists | {
        "resume": _resume(plan, lists, status)}


def notes(plan: Plan, recorded: str, resting: dict[str, Any],
          facts: ClusterFacts) -> list[str]:
    """What else the report says of a run's end.

    :param recorded: name of the version that Trove shows for the cluster as a whole.
    :param resting: background work that could not be let go on, by its name.
    :param facts: what the members say at the end.
    """
    found = []
    arrived = any(runs(one.version, plan["to_version"]) for one in facts.values())
    if arrived and recorded != plan["to_version"]["name"]:
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
    """What Trove itself says of the members that have failed, and of those that it leaves busy."""
    failed = {one["id"] for one in lists["failed"]}
    said = [f"Trove says of {one.name}: {one.fault.rstrip('.')}." for one in members
            if one.id in failed and one.fault]
    busy = [one for one in members if one.status not in RESTING]
    names = ", ".join(f"{one.name} {one.status}" for one in busy)
    return [*said, *([f"Trove still calls {names}. {members_hint(busy)}"] if busy else [])]


def _not_asked(plan: Plan, lists, members: list[Member]) -> list[str]:
    """What Trove says of those that nobody could ask, and whether this run has touched them."""
    known = {one.id: one for one in members}
    fresh = {one["id"] for one in plan["members"] if not one["done"]}
    parts = []
    for one in (known[each["id"]] for each in lists["unknown"] if each["id"] in known):
        touched = one.id in fresh and bears(one, plan["to_version"])
        parts.append(f"{one.name} (by Trove {one.status or 'of no status'} on {one.version}; "
                     f"{'Trove was asked to upgrade it' if touched else 'Trove was not asked'})")
    return [f"No executor could ask these members how they are: {', '.join(parts)}."] \
        if parts else []


def _rebuilt(plan: Plan) -> list[str]:
    return [f"Member {one['name']} was rebuilt: instance {one['was']} is gone, {one['id']} took "
            "its place." for one in plan["members"] if "was" in one]


def _sort(plan: Plan, members: dict[str, Member], facts: ClusterFacts, undone: set[str],
          lacking: set[str]):
    lists: dict[str, list[dict]] = {name: [] for name in LISTS}
    unseen = not any(one.answers for one in facts.values())
    for planned_member in plan["members"]:
        one = planned_member["id"]
        back = planned_member.get("was", one) in undone
        state = "failed" if one in lacking \
            else "unknown" if unseen and not _trove_says_failed(members.get(one)) \
            else _state(plan, planned_member, members.get(one), facts.get(one), back)
        version = facts[one].version if one in facts else ""
        lists[state].append({"id": one, "name": planned_member["name"], "version": version})
    return lists


def _trove_says_failed(member: Member | None) -> bool:
    return member is not None and member.failed


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
    if summary.all_there(lists):
        if "aborted" in codes:      # and nothing was put back: too late, or as on_failure says
            return "aborted"
        if codes - {"trove_disagrees"}:
            return "failed"
        return "upgraded" if lists["upgraded"] else "nothing_to_do"
    if "aborted" in codes:
        return "aborted"
    if lists["failed"] or lists["unknown"]:
        return "failed"
    return "stopped" if lists["upgraded"] or not lists["rolled_back"] else "rolled_back"


def _undo(plan: Plan, lists) -> str:
    if not lists["upgraded"] or plan["finalize"]["mode"] == "auto" and not lists["todo"]:
        return ""
    carried = {name: value for name, value in plan["options"].items() if name in CARRIED}
    return _run(plan, {**carried, "datastore_version": version_before(plan),
                       "skip_checks": ["not_a_downgrade"]})


def version_before(plan: Plan) -> str:
    """The version that the plan's members had, as an input; empty when it would touch none."""
    return next((reference(one["origin"]) for one in plan["members"] if not one["done"]), "")


def _resume(plan: Plan, lists, status: str) -> str:
    if status in ("failed", "aborted") and summary.all_there(lists):
        access = {"access": plan["options"].get("access")}
        return command("finalize", options=input_options({**target_input(plan), **access}))
    if lists["failed"] and not lists["unknown"]:
        silent = any(not one["version"] for one in lists["failed"])
        others_go = lists["todo"] or lists["rolled_back"]
        alone = kind_of(plan) == SET and (
            not others_go or len(plan["members"]) - len(lists["failed"]) <= 1)
        return _again(plan, *BROKEN, *(UNREACHABLE if silent else ()), *(ALONE if alone else ()))
    if lists["failed"] or lists["todo"] or lists["rolled_back"] or lists["unknown"]:
        return _again(plan)
    return ""


def _again(plan: Plan, *more: str) -> str:
    """The run once more, with the checks that were skipped for it and ``more``."""
    options = plan["options"]
    skipped = list(dict.fromkeys([*more, *options["skip_checks"]]))
    return _run(plan, {**options, "datastore_version": reference(plan["to_version"]),
                       "skip_checks": skipped})


def _run(plan: Plan, inputs: dict[str, Any]) -> str:
    """The command that starts a run of the same cluster or set with these inputs."""
    target = {**target_input(plan), "datastore_version": inputs["datastore_version"]}
    others = {name: value for name, value in inputs.items()
              if name not in ("cluster_id", "instance_id", "datastore_version", "latest_start")}
    return command("run", options=input_options({**target, **others}))


def _result(status: str, words: str, errors: list[dict[str, Any]] | None = None,
            notes: list[str] | None = None) -> dict[str, Any]:
    return {"status": status, "summary": words, **{name: [] for name in LISTS},
            "undo": "", "resume": "", "errors": errors or [], "notes": notes or []}


def refusal(plan: Plan, again: bool = False) -> UpgradeError:
    """The error of a preflight that forbids the run.

    :param again: nobody answered who asked, so another executor is to ask once more.
    """
    return UpgradeError("refused", complaints(plan), "retry" if again else "stop")
