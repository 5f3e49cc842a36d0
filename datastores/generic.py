"""Any datastore without a driver of its own: Trove's status only, one member at a time."""
from collections.abc import Collection, Iterable

from .base import Check, ClusterFacts, Driver, Facts, Member, Texts


class GenericDriver(Driver):
    """Takes Trove's status for evidence, because it can ask nobody else.

    Trove's ACTIVE can come from a heartbeat older than the upgrade and its version column is
    written before the work, so this branch waits for the status to leave UPGRADE and says in the
    plan what its gates are worth.
    """

    name = "generic"
    asks_trove = True
    poll_sec = 2.0

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        return {member.id: _facts(member) for member in members}

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        sick = [problem for one in facts.values() for problem in one.problems]
        if sick:
            return [Check("members_healthy", False, "; ".join(sick) + ".",
                          "Heal the members first.")]
        return [Check("members_healthy", True, "Trove calls every member ACTIVE.")]

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        return [problem for one in facts.values() if one.id not in unavailable
                for problem in one.problems]

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        return Texts(
            rollback_path="Each member is asked to go back to its old version on its own data; "
                          "whether the old version can read it, only the datastore's manual tells.",
            point_of_no_return="Not known to this driver: take the first write of the new version.",
            backup="Trove takes no backup of cluster members; take one by the datastore's means.",
            notes=("The gates of this branch are Trove's status alone: roles, quorum and "
                   "replication lag are not looked at, and leaders are not moved.",))


def _facts(member: Member) -> Facts:
    problems = () if member.status in ("ACTIVE", "HEALTHY") else (
        f"Trove calls {member.name} {member.status or 'unknown'}",)
    return Facts(member.id, member.name, answers=True, version=member.version, domain=member.name,
                 problems=problems)
