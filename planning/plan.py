"""The whole upgrade as data, made before anything is touched (schemas/plan.json)."""
import math
from typing import Any, Literal

from ..datastores import passed_over
from ..datastores.base import Driver, Member
from . import checks, waves
from .documents import Brief, Job, Plan, PlanMember, Tries
from .groups import CLUSTER, SET
from .snapshot import ClusterSnapshot
from .versions import number_of, older, recorded

REACH = {
    CLUSTER: {
        "trove": [],
        "mistral": ["Trove itself is not held off while this runs: it would still grow, shrink, "
                    "restart or delete the cluster."],
        "project": ["Other projects and Trove itself are not held off while this runs: an "
                    "administrator of another project could upgrade the cluster too, and Trove "
                    "would still grow, shrink, restart or delete it."]},
    SET: {
        "mistral": ["Trove has no task that holds a replication set, so Trove itself is not held "
                    "off while this runs: it would still restart, promote, detach or delete "
                    "members."],
        "project": ["Trove has no task that holds a replication set, so other projects and Trove "
                    "itself are not held off while this runs: an administrator of another project "
                    "could upgrade it too, and Trove would still restart, promote, detach or "
                    "delete members."]}}
UNDO_SEC = 300      # for so long a step of the undo, the release and the report are tried at least
TRY_SEC = 10   # an action looks for so long and is then retried: little is lost when it dies


def make_plan(snapshot: ClusterSnapshot, driver: Driver, options: dict[str, Any],
              owner: str) -> Plan:
    """The plan of bringing the cluster to the target.

    :param owner: execution that will hold the lock.
    """
    todo = [member.id for member in snapshot.members if not snapshot.done(member)]
    direction = _direction(snapshot, todo)
    order = waves.all_waves(driver, snapshot.facts, todo, options, options["canary"],
                            back=direction == "back")
    results = checks.run_checks(snapshot, driver, order, options["skip_checks"])
    texts = driver.texts(snapshot.facts, options["keep_rollback_path"])
    mode = driver.finalize_mode if options["finalize"] == "default" else options["finalize"]
    cluster = {key: snapshot.cluster[key] for key in
               ("id", "name", "datastore", "datastore_version")}
    return {
        "cluster": cluster, "datastore": driver.name, "direction": direction,
        "from_version": snapshot.cluster["datastore_version"], "to_version": snapshot.target,
        "members": [_member(snapshot, member) for member in snapshot.members],
        "waves": order, "checks": results, "ready": not checks.refusals(results),
        "rollback_path": texts.rollback_path, "point_of_no_return": texts.point_of_no_return,
        "backup": texts.backup if snapshot.kind == CLUSTER else _backup_words(snapshot, options),
        "finalize": {"mode": "auto" if mode == "auto" else "manual", "steps": list(texts.finalize)},
        "notes": [*_halfway(snapshot, todo), *texts.notes, *_passed_over(snapshot, driver),
                  *_ignored(driver, options), *filter(None, [snapshot.executors]),
                  *REACH[snapshot.kind][snapshot.lock_reach]], "options": options,
        "job": _job(snapshot, driver, options, owner, direction)}


def _halfway(snapshot: ClusterSnapshot, todo: list[str]) -> list[str]:
    there = [one.name for one in snapshot.members if one.id not in todo]
    if not there or not todo:
        return []
    return [f"{', '.join(there)}: on the target already. If an upgrade is under way that this "
            "engine does not know of, another engine's, let it end first."]


def _passed_over(snapshot: ClusterSnapshot, driver: Driver) -> list[str]:
    own = passed_over(driver.name, snapshot.cluster["datastore"])
    return [f"The driver {own} is for this datastore, and {driver.name} was chosen by name in its "
            f"place: members are stopped where they lead, and writes may be lost."] if own else []


def brief(plan: Plan) -> Brief:
    """What the workflows themselves go by."""
    job = plan["job"]
    return {"cluster_id": job["cluster_id"], "datastore": plan["datastore"],
            "options": plan["options"], "tries": job["tries"], "backup": bool(job["backup"]),
            "finalize": plan["finalize"]["mode"]}


def _ignored(driver: Driver, options: dict[str, Any]) -> list[str]:
    if not (driver.promotes_by_trove and options["restore_roles"]):
        return []
    return ["restore_roles is not done for replication sets: promote the first source by Trove."]


def _backup_words(snapshot: ClusterSnapshot, options: dict[str, Any]) -> str:
    if options["backup"] == "skip":
        return "None is taken, as asked for: without one, lost data stay lost."
    return (f"Trove takes a backup of the source, "
            f"{_name_of(snapshot, snapshot.cluster['source'])}, and no member is touched before "
            "it is complete.")


def _name_of(snapshot: ClusterSnapshot, member_id: str) -> str:
    return next(one.name for one in snapshot.members if one.id == member_id)


def _direction(snapshot: ClusterSnapshot, todo: list[str]) -> Literal["forward", "back", "none"]:
    if not todo:
        return "none"
    back = any(older(number_of(snapshot.target), snapshot.facts[one].version) for one in todo)
    return "back" if back else "forward"


def _member(snapshot: ClusterSnapshot, member: Member) -> PlanMember:
    facts = snapshot.facts[member.id]
    return {"id": member.id, "name": member.name, "address": member.address, "role": facts.role,
            "domain": facts.domain, "kind": member.kind, "version": facts.version,
            "healthy": facts.healthy, "origin": snapshot.origin(member),
            "recorded": recorded(member), "done": snapshot.done(member)}


def _job(snapshot: ClusterSnapshot, driver: Driver, options: dict[str, Any], owner: str,
         direction: str) -> Job:
    """The little that every step needs to know, so that steps stay small in Mistral's database."""
    return {
        "cluster_id": snapshot.cluster["id"], "project_id": snapshot.project_id,
        "kind": snapshot.kind,
        "members": [one.id for one in snapshot.members] if snapshot.kind == SET else [],
        "driver": driver.name, "access": options["access"], "access_file": snapshot.access_file,
        "owner": owner, "target": snapshot.target,
        "gate_passes": options["gate_passes"], "poll_sec": options["poll_sec"],
        "try_sec": TRY_SEC, "bake_sec": options["bake_sec"],
        "member_timeout_sec": options["member_timeout_sec"], "tries": _tries(driver, options),
        # The newer version reads what the older one writes, so going back closes nothing.
        "keep_rollback_path": options["keep_rollback_path"] and direction == "forward",
        "backup": snapshot.cluster["source"] if snapshot.kind == SET
        and options["backup"] == "auto" and direction != "none" else ""}


def _tries(driver: Driver, options: dict[str, Any]) -> Tries:
    """How often the workflows repeat a step, by its kind, and after how many seconds."""
    member = _tries_within(options["member_timeout_sec"])
    return {
        "steps": options["retry_count"], "delay_sec": options["retry_delay_sec"],
        "undo": max(options["retry_count"], _tries_within(UNDO_SEC)),
        "member": member, "gate": _tries_within(options["gate_timeout_sec"]),
        "bake": _tries_within(options["bake_sec"]),
        "backup": _tries_within(options["backup_timeout_sec"]),
        # Trove's own promotion takes its time; a driver's switchover looks for itself.
        "switchover": member if driver.promotes_by_trove else options["retry_count"]}


def _tries_within(timeout_sec: int) -> int:
    """How many tries, of TRY_SEC each, cover the time."""
    return max(1, math.ceil(timeout_sec / TRY_SEC))
