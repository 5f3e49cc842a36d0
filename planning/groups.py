"""What is upgraded, a cluster or a replication set: its names, and who took whose place in it."""
from typing import Any

from ..datastores.base import Member
from .documents import Plan, PlanMember

CLUSTER, SET = "cluster", "replication_set"
NOUNS = {CLUSTER: "cluster", SET: "replication set"}


def kind_of(plan: Plan) -> str:
    """What a plan is about: ``cluster`` or ``replication_set``."""
    return plan.get("job", {}).get("kind", CLUSTER)


def named_in(inputs: dict[str, Any]) -> str:
    """By which id or name the inputs of an entry workflow ask for it; of a set, any member's."""
    return str(inputs.get("cluster_id") or inputs.get("instance_id"))


def noun(plan: Plan) -> str:
    """What people call that which the plan is about."""
    return NOUNS[kind_of(plan)]


def target_input(plan: Plan) -> dict[str, str]:
    """The input of an upgrade that names what the plan is about.

    Trove knows a replication set by its instances only, so one that is there now is named.

    :param plan: its members are followed.
    """
    if kind_of(plan) == CLUSTER:
        return {"cluster_id": plan["cluster"]["id"]}
    return {"instance_id": plan["members"][0]["id"]}


def replacement(members: list[Member], name: str, besides: list[str]) -> Member | None:
    """The member that was rebuilt in the place of another, whose name it bears.

    :param members: oldest first.
    :param besides: ids of members that are not meant.
    """
    return next((one for one in members if one.name == name and one.id not in besides), None)


def followed(planned: list[PlanMember], members: list[Member]) -> list[PlanMember]:
    """The plan's members, each that is gone replaced by the one that was built in its place.

    Such a one has ``was``, the id of the member that is gone.
    """
    there, known = {one.id for one in members}, [one["id"] for one in planned]
    found = []
    for one in planned:
        candidate = None if one["id"] in there else replacement(members, one["name"], known)
        found.append(one | {"id": candidate.id, "address": candidate.address, "was": one["id"]}
                     if candidate else one)
    return found
