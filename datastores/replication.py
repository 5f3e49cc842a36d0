"""What replication sets have in common: pure decisions about a source and its replicas.

Each replica's `native` says how much it has left to apply, as `behind`, in the unit of its driver,
and as `unfit` why it must not lead, such as filters or a delay; each reason begins with a verb.
"""
from collections.abc import Collection, Iterable

from .base import PRIMARY, REPLICA, ClusterFacts, Driver, Facts, goes_first, ordered


class ReplicationDriver(Driver):
    """What the drivers of replication sets have in common: Trove itself moves the source's role."""

    replication = True
    promotes_by_trove = True

    def candidate(self, facts: ClusterFacts, member_id: str, prefer: str) -> str:
        """Of the healthy replicas that may lead one on the preferred version, then the one that has
        least left to apply, then by name; empty when there is none."""
        fit = [one for one in facts.values() if one.id != member_id and one.role == REPLICA
               and one.healthy and not self.unfit(facts, one.id)]
        best = min(fit, default=None,
                   key=lambda one: (one.version != prefer, one.native["behind"], one.name))
        return best.id if best else ""

    def unfit(self, facts: ClusterFacts, member_id: str) -> list[str]:
        one = facts[member_id]
        if not one.answers or one.role != REPLICA:
            return []
        return [f"{one.name} {reason}" for reason in one.native["unfit"]]

    def waves(self, facts: ClusterFacts, todo: Collection[str],
              together: bool) -> list[list[str]]:
        """Replicas that must not lead come after those that may, and before the source: they may
        have applied nothing of late, and would tell little about the new version."""
        def late(member_id: str) -> int:
            if goes_first(facts[member_id]):
                return 0
            return 2 if facts[member_id].role == PRIMARY else bool(self.unfit(facts, member_id))
        return [[one] for one in sorted(ordered(facts, todo), key=late)]

    def without_candidate(self, facts: ClusterFacts) -> list[str]:
        """Complaints when nobody could take over from the source, with each replica's reasons."""
        leader = source_of(facts)
        if leader is None or self.candidate(facts, leader.id, ""):
            return []
        return [f"{leader.name} has no replica that can take over", *self.excluded(facts)]

    def excluded(self, facts: ClusterFacts) -> list[str]:
        """Why replicas are never candidates, each by its name."""
        return [reason for one in facts for reason in self.unfit(facts, one)]


def sources(facts: Iterable[Facts]) -> list[Facts]:
    """The members that say of themselves that they are the source."""
    return [one for one in facts if one.answers and one.role == PRIMARY]


def source_of(facts: ClusterFacts) -> Facts | None:
    """The one source; None when there is none, or more than one."""
    found = sources(facts.values())
    return found[0] if len(found) == 1 else None


def asks_source(facts: ClusterFacts) -> Collection[str] | None:
    """For :attr:`Check.asks`, where the source's answer suffices; every member's where nobody knows
    who it is."""
    source = source_of(facts)
    return [source.id] if source else None


def blockers(facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
    """Why the members ``unavailable`` may not be made unavailable now, as all the others tell
    it."""
    rest = [one for one in facts.values() if one.id not in unavailable]
    found = [problem for one in rest for problem in one.problems]
    found += [f"{facts[one].name} is the source" for one in unavailable
              if facts[one].answers and facts[one].role == PRIMARY]
    return found + not_one_source(rest)


def not_one_source(members: Collection[Facts]) -> list[str]:
    """Complaints when not exactly one of these members is a source."""
    found = [one.name for one in sources(members)]
    if len(found) > 1:
        return [f"{', '.join(sorted(found))} each call themselves the source"]
    return [] if found else ["no member calls itself the source"]


def fenced(facts: ClusterFacts, key: str) -> list[str]:
    """Sources that take no writes by ``native[key]``, as while their role is being moved."""
    return [f"{one.name} is the source and takes no writes" for one in sources(facts.values())
            if one.native[key]]


def strangers(facts: ClusterFacts, key: str, what: str) -> list[str]:
    """Replicas whose ``native[key]`` is not the source's."""
    leader = source_of(facts)
    if leader is None:
        return []
    return [f"{one.name} has {what} of its own" for one in facts.values()
            if one.answers and one.native[key] != leader.native[key]]


def relaxed_notes(facts: ClusterFacts) -> list[str]:
    """What the plan tells of members whose settings acknowledge writes before they are on disk."""
    found = [f"{setting} on {one.name}" for one in facts.values() if one.answers
             for setting in one.native["relaxed"]]
    return [f"{', '.join(found)}: a member that crashes can lose writes that were acknowledged. "
            "One that is stopped in good order loses none."] if found else []
