"""What a member's own server proves, and what Trove's record adds to it."""
import dataclasses
from collections.abc import Collection, Iterable

from ..datastores.base import PRIMARY, ClusterFacts, Driver, Facts, Member
from ..schemas import UpgradeError
from ..schemas.errors import RETRY
from .documents import Plan, Version, WaveMember
from .versions import bears, number_of, recorded, runs


def asked_already(member: WaveMember, now: Member, wanted: Version) -> bool:
    """Trove's record moved since the member was chosen: an earlier try to ask got through."""
    if not bears(now, wanted):
        return False
    return member["recorded"] != recorded(now) or now.status == "UPGRADE"


def arrived(facts: Facts, member: WaveMember, wanted: Version) -> bool:
    """It runs the version; where it ran that before too, it must have been started anew."""
    if not facts.answers or not runs(facts.version, wanted):
        return False
    same = runs(member["version"], wanted)
    return not same or not facts.identity or facts.identity != member["identity"]


def another_server(facts: Facts, member: WaveMember) -> str:
    """Why what answers is not the server that was chosen; empty when it is, or when that can't be
    told. It may be well by its own word: an empty one holds nothing that it could lack."""
    known = member["server_id"]
    if not known or facts.server_id in ("", known):
        return ""
    return (f"{facts.name} came back as another server: its id is {facts.server_id} and was "
            f"{known}, so its data directory is not the one that it had")
def is_blind(facts: ClusterFacts, unavailable: Collection[str] = ()) -> bool:
    """Whether the executor that has read the facts is cut off from the members: none answers it.

    :param unavailable: ids of members whose silence tells nothing, because this run has made them
        unavailable or Trove says that they are; where that is everybody, nobody can tell.
    """
    return not any(one.answers for one in facts.values()) and not set(unavailable).issuperset(facts)


def check_sight(facts: ClusterFacts, unavailable: Collection[str] = ()) -> None:
    """See :func:`is_blind`.

    :raises UpgradeError: code ``executor_blind``, class retry.
    """
    if is_blind(facts, unavailable):
        raise blind(facts)


def blind(facts: ClusterFacts) -> UpgradeError:
    """The error of an executor that no member answers; another one may be answered."""
    words = next((one.problems[0] for one in facts.values() if one.problems), "nobody was asked")
    return UpgradeError("executor_blind", "No member of the cluster answers this executor, so it "
                        f"neither judges nor touches any: {words}. Check its network and its "
                        "access file.", RETRY)


def check_seen(facts: ClusterFacts, member: WaveMember) -> None:
    """A member that answered when it was chosen has to answer whoever works on it.

    :raises UpgradeError: code ``executor_blind`` or ``member_silent``, class retry.
    """
    own = facts[member["id"]]
    if own.answers or not member["version"]:
        return
    check_sight(facts)
    raise UpgradeError("member_silent", f"{own.name} answered when it was chosen and does not any "
                       f"more: {own.problems[0]}.", RETRY, own.id)


def has_switched(driver: Driver, member: WaveMember) -> bool:
    """It led when it was chosen, so it replicates newer data now, which its old version is not made
    for: an abort comes too late, and it must be upgraded."""
    return driver.forward_only and member["role"] == PRIMARY


def unverified(driver: Driver, facts: ClusterFacts, target: Version) -> list[str]:
    """Why the cluster is not yet well on the target, a reason each; empty when it is."""
    return [*driver.blockers(facts, ()),
            *(f"{one.name} runs {one.version or 'nothing'}" for one in facts.values()
              if not runs(one.version, target))]


def as_servers_say(plan: Plan, members: Iterable[Member], facts: ClusterFacts) -> list[Member]:
    """The members with the versions that Trove would have recorded if it agreed with their servers,
    and ACTIVE where it has not told a status. One that the plan does not name stays as it is."""
    origins = {one["id"]: one["origin"] for one in plan["members"]}
    target = plan["to_version"]
    found = []
    for one in members:
        version = target if runs(facts[one.id].version, target) else origins.get(one.id)
        found.append(one if version is None else dataclasses.replace(
            one, status=one.status or "ACTIVE", version=version["name"],
            number=number_of(version)))
    return found
