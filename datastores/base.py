"""What a datastore driver is: the only part of the pack that speaks to the members themselves.

A driver reads facts from every member's own server, says whether it is safe to take given members
away, moves roles, and keeps the rollback path open. It never speaks to Trove or Mistral. Others add
theirs by the entry point group ``trove_upgrade.datastores`` and a workflow named
``trove_upgrade.datastore.<name>``.
"""
import abc
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

PRIMARY, REPLICA, MEMBER = "primary", "replica", "member"


class DatastoreError(Exception):
    """A member refused or did not do what a driver asked.

    :param code: stable name, ``[a-z_]+``.
    :param passing: True when the same step may succeed when tried again.
    """

    def __init__(self, code: str, message: str, passing: bool = False, instance: str = ""):
        super().__init__(message)
        self.code, self.message, self.passing, self.instance = code, message, passing, instance


@dataclass(frozen=True)
class Member:
    """One instance of the cluster or the replication set, as Trove tells it.

    :ivar replica_of: id of the source that it replicates; empty for a source and in clusters.
    :ivar kind: what Trove calls its part in a cluster that has several, such as query_router.
    """

    id: str
    name: str
    address: str = ""
    status: str = ""
    version: str = ""
    replica_of: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Facts:
    """What one member's own server says of itself, at one moment.

    :ivar answers: the server can be reached and used.
    :ivar version: its own version, never Trove's record; empty when it does not answer.
    :ivar identity: changes whenever the server process is started anew.
    :ivar domain: failure domain, such as a shard or a rack.
    :ivar problems: why this member is not healthy or not caught up; empty when it is.
    :ivar settings: the settings that keeping the rollback path open would change, as they are now.
    :ivar native: whatever else the driver itself needs.
    """

    id: str
    name: str
    answers: bool = False
    version: str = ""
    identity: str = ""
    role: str = MEMBER
    domain: str = ""
    problems: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    native: dict[str, Any] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        return self.answers and not self.problems


@dataclass(frozen=True)
class Check:
    """The answer to one named preflight question.

    :ivar remedy: what to do about it; empty when ok.
    """

    name: str
    ok: bool
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class Texts:
    """What the plan tells people about this datastore before anything starts."""

    rollback_path: str
    point_of_no_return: str
    backup: str
    finalize: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


ClusterFacts = dict[str, Facts]


class Driver(abc.ABC):
    """One kind of datastore.

    :cvar name: name of the driver, of its entry point and of its workflow.
    :cvar datastores: names of Trove datastores that it serves when nobody chooses a driver.
    :cvar finalize_mode: ``auto`` or ``manual``, used when the input says ``default``.
    :cvar asks_trove: True when Trove's status is the only evidence, so that it must be fresh.
    :cvar full_stop: no member can run beside one of another version: all of them are unavailable at
        once, so there is no canary and no bound.
    :cvar replication: True when it serves replication sets, and never clusters.
    :cvar promotes_by_trove: a leading role moves by Trove's promote-to-replica-source of the member
        that :meth:`candidate` names, instead of by :meth:`switchover`.
    :cvar forward_only: a member that has started the new version can't go back on its data: it goes
        back by being rebuilt from a member that is not upgraded.
    :cvar poll_sec: the shortest pause between two looks that the asked one should be given.
    """

    name: str
    datastores: tuple[str, ...] = ()
    finalize_mode = "auto"
    asks_trove = False
    full_stop = False
    replication = False
    promotes_by_trove = False
    forward_only = False
    poll_sec = 0.0

    def __init__(self, access: dict[str, Any]):
        """:param access: the section of the access file for this driver; see docs."""
        self.access = access

    @abc.abstractmethod
    def read(self, members: Iterable[Member]) -> ClusterFacts:
        """Ask every member; one that does not answer is in the result with ``answers=False``."""

    @abc.abstractmethod
    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        """All preflight checks of this datastore, each run whatever the others say.

        :param saved: ids of members whose rollback path is being kept open by an earlier run.
        """

    def checks_towards(self, facts: ClusterFacts, target: str) -> list[Check]:
        """More preflight checks, for which it matters what version the cluster is to run."""
        return []

    @abc.abstractmethod
    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        """The gate: why the members ``unavailable`` may not be made unavailable now, by all the
        others' word.

        Empty means that it is safe. With nobody unavailable: why the whole cluster is not healthy.
        """

    @abc.abstractmethod
    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        """What the plan says."""

    def waves(self, facts: ClusterFacts, todo: Collection[str], together: bool) -> list[list[str]]:
        """The order in which ``todo`` is made unavailable, as lists of members unavailable at the
        same time.

        :param together: one member of each failure domain at a time, instead of one in all.
        """
        return [[member] for member in ordered(facts, todo)]

    def waves_back(self, facts: ClusterFacts, todo: Collection[str],
                   together: bool) -> list[list[str]]:
        """The order in which ``todo`` goes back to an older version."""
        return self.waves(facts, todo, together)

    def path(self, origin: str, target: str) -> str:
        """Why ``target`` may not follow ``origin`` (version numbers); empty when it may."""
        return ""

    def background(self, members: Collection[Member]) -> dict[str, Any]:
        """The cluster's own background work that must rest during a roll, such as a balancer, as it
        is now; empty for none. It is written down before :meth:`suspend`."""
        return {}

    def suspend(self, members: Collection[Member], background: dict[str, Any]) -> None:
        """Let it rest; returns when it does. Idempotent."""

    def resume(self, members: Collection[Member], background: dict[str, Any]) -> None:
        """Let it go on as it was. Idempotent."""

    def switchover(self, facts: ClusterFacts, member_id: str, prefer: str) -> None:
        """Move a leading role away from the member, never forced; nothing where it leads nothing.

        :param prefer: version that the new leader should run if there is a choice.
        """

    def candidate(self, facts: ClusterFacts, member_id: str, prefer: str) -> str:
        """Id of the member that Trove is to promote in place of ``member_id``: of those that have
        all its writes the one with the least left to replay. Empty when there is none.

        :param prefer: version that the new leader should run if there is a choice.
        """
        return ""

    def fence(self, facts: ClusterFacts, member_id: str, candidate_id: str) -> None:
        """Right before Trove promotes the candidate: the source ``member_id`` takes no more writes;
        returns when the candidate has all of them. Idempotent; undone by :meth:`unfence`.

        Trove's guests don't do so for every datastore; a promotion under load then loses
        acknowledged writes.

        :raises DatastoreError: the source is as it was, and writes go on.
        """

    def unfence(self, facts: ClusterFacts) -> None:
        """After the promotion, however it ended: no member is fenced any more. Idempotent."""

    def bake_before(self, facts: ClusterFacts, wave: Collection[str]) -> bool:
        """Whether the bake time is spent before this wave too, because it closes the rollback
        path."""
        return self.forward_only and any(facts[one].role == PRIMARY for one in wave)

    def restore_roles(self, facts: ClusterFacts, primaries: Collection[str]) -> list[str]:
        """Ask that ``primaries`` lead again; ids of those that were moved."""
        return []

    def still_coming(self, facts: ClusterFacts, member_id: str) -> str:
        """What the member is still at, by the servers' word, although Trove calls it failed; empty
        when it does not come. Trove gives a member up after 600 s, whatever its data weigh."""
        return ""

    def keep_rollback_path(self, member: Member, origin: str, target: str) -> None:
        """Make the upgraded member write nothing that ``origin`` could not read. Idempotent."""

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        """Why the member can't go back to version ``origin`` on its data; empty when it can."""
        return ""

    def finalize(self, member: Member, settings: dict[str, str]) -> None:
        """Give the member back the settings that :meth:`keep_rollback_path` changed. Idempotent."""


def ordered(facts: ClusterFacts, todo: Collection[str]) -> list[str]:
    """Broken members first, leaders last, then by failure domain and name."""
    def key(member_id: str):
        member = facts[member_id]
        return (not goes_first(member), member.role == PRIMARY, member.domain, member.name,
                member_id)
    return sorted(todo, key=key)


def goes_first(member: Facts) -> bool:
    """It is broken, and nobody healthy may go while it is.

    A leader that answers goes last all the same: its followers follow no older leader.
    """
    return not member.answers or not (member.healthy or member.role == PRIMARY)
