"""The whole upgrade as data, made before anything is touched (schemas/plan.json)."""
import math
from typing import Any

from ..datastores.base import Driver
from . import checks, waves
from .groups import CLUSTER, SET
from .situation import Situation
from .versions import number_of, older

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
LOOK_SEC = 10   # an action looks for so long and is then retried: little is lost when it dies


def make_plan(situation: Situation, driver: Driver, options: dict[str, Any],
              owner: str) -> dict[str, Any]:
    """The plan of bringing the cluster to the target.

    :param owner: execution that will hold the lock.
    """
    todo = [member.id for member in situation.members if not situation.done(member)]
    direction = _direction(situation, todo)
    order = waves.all_waves(driver, situation.facts, todo, options, options["canary"],
                            back=direction == "back")
    results = checks.run_checks(situation, driver, order, options["skip_checks"])
    texts = driver.texts(situation.facts, options["keep_way_back"])
    mode = driver.finalize_mode if options["finalize"] == "default" else options["finalize"]
    cluster = {key: situation.cluster[key] for key in
               ("id", "name", "datastore", "datastore_version")}
    return {
        "cluster": cluster, "datastore": driver.name, "direction": direction,
        "from_version": situation.cluster["datastore_version"], "to_version": situation.target,
        "members": [_member(situation, member) for member in situation.members],
        "waves": order, "checks": results, "ready": not checks.refusals(results),
        "way_back": texts.way_back, "point_of_no_return": texts.point_of_no_return,
        "backup": texts.backup if situation.kind == CLUSTER else _backup_words(situation, options),
        "finalize": {"mode": mode, "steps": list(texts.finalize)},
        "notes": [*texts.notes, *_ignored(driver, options),
                  *REACH[situation.kind][situation.lock_reach]], "options": options,
        "job": _job(situation, driver, options, owner) | {
            # The newer version reads what the older one writes, so going back closes nothing.
            "keep_way_back": options["keep_way_back"] and direction == "forward",
            "backup": situation.cluster["source"]
            if situation.kind == SET and options["backup"] == "auto" and todo else ""}}


def _ignored(driver: Driver, options: dict[str, Any]) -> list[str]:
    if not (driver.promotes_by_trove and options["restore_roles"]):
        return []
    return ["restore_roles is not done for replication sets: promote the first source by Trove."]


def _backup_words(situation: Situation, options: dict[str, Any]) -> str:
    if options["backup"] == "skip":
        return "None is taken, as asked for: without one, lost data stay lost."
    return (f"Trove takes a backup of the source, "
            f"{_name_of(situation, situation.cluster['source'])}, and no member is touched before "
            "it is complete.")


def _name_of(situation: Situation, member_id: str) -> str:
    return next(one.name for one in situation.members if one.id == member_id)


def _direction(situation: Situation, todo: list[str]) -> str:
    if not todo:
        return "none"
    back = any(older(number_of(situation.target), situation.facts[one].version) for one in todo)
    return "back" if back else "forward"


def _member(situation: Situation, member) -> dict[str, Any]:
    facts = situation.facts[member.id]
    return {"id": member.id, "name": member.name, "address": member.address, "role": facts.role,
            "domain": facts.domain, "kind": member.kind, "version": facts.version,
            "healthy": facts.healthy, "origin": situation.origin(member),
            "done": situation.done(member)}


def _job(situation: Situation, driver: Driver, options: dict[str, Any], owner: str) -> dict:
    """The little that every step needs to know, so that steps stay small in Mistral's database."""
    return {
        "cluster_id": situation.cluster["id"], "kind": situation.kind,
        "members": [one.id for one in situation.members] if situation.kind == SET else [],
        "driver": driver.name, "access": options["access"],
        "owner": owner, "target": situation.target,
        "gate_passes": options["gate_passes"], "poll_sec": options["poll_sec"],
        "look_sec": LOOK_SEC, "member_looks": _looks(options["member_timeout_sec"]),
        "gate_looks": _looks(options["gate_timeout_sec"]), "bake_sec": options["bake_sec"],
        "bake_looks": _looks(options["bake_sec"]),
        "backup_looks": _looks(options["backup_timeout_sec"]),
        # Trove's own promotion takes its time; a driver's hand over looks for itself.
        "hand_over_looks": _looks(options["member_timeout_sec"]) if driver.promotes_by_trove
        else options["retry_count"],
        "member_timeout_sec": options["member_timeout_sec"],
        "retries": options["retry_count"], "delay_sec": options["retry_delay_sec"]}


def _looks(timeout_sec: int) -> int:
    """How many retries of a look cover the time."""
    return max(1, math.ceil(timeout_sec / LOOK_SEC))
