"""What a datastore driver is: the only part of the pack that speaks to the members themselves.

A driver reads facts from every member's own server, says whether it is safe to take given members
away, moves roles, and keeps the rollback path open. It never speaks to Trove or Mistral. Others add
theirs by the entry point group ``trove_upgrade.datastores`` and a workflow named
``trove_upgrade.datastore.<name>``.
"""
import abc
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from .foreign import shown
from .paths import Rule

PRIMARY, REPLICA, MEMBER = "primary", "replica", "member"
ANOTHER = "Another upgrade seems to be under way"    # what a remedy says first that knows of one
UNAVAILABLE_SEC = 600       # so long Trove waits for a member that it upgrades


class DatastoreError(Exception):
    """A member refused what a driver asked of it, or did not do it in time.

    :param code: stable name, ``[a-z_]+``.
    :param message: what happened to whom, for people; it holds no secret. What a server says in it
        is shown by :func:`shown`.
    :param passing: True when the same step may succeed when tried again.
    :param instance: id of the member; empty when it is about none.
    """

    def __init__(self, code: str, message: str, passing: bool = False, instance: str = ""):
        message = shown(message)
        super().__init__(message)
        self.code, self.message, self.passing, self.instance = code, message, passing, instance


@dataclass(frozen=True)
class Address:
    """One address of an instance, as Trove tells it.

    :ivar type: ``private`` or ``public``; empty where Trove does not tell it.
    :ivar network: id or name of the network; empty of a public one.
    """

    address: str
    type: str = ""
    network: str = ""


@dataclass(frozen=True)
class Member:
    """One instance of the cluster or the replication set, as Trove tells it.

    :ivar address: at which its server is asked; see :mod:`.addresses`. Empty where there is none.
    :ivar version: name of the datastore version that Trove has recorded for it.
    :ivar replica_of: id of the source that it replicates; empty for a source and in clusters.
    :ivar kind: what Trove calls its part in a cluster that has several, such as query_router.
    :ivar number: the recorded version's number, which tells versions of one name apart; empty where
        Trove does not tell it.
    :ivar fault: why Trove calls it failed, in Trove's words; empty where it tells none.
    :ivar addresses: all that Trove tells; empty where they are not known, as in a run's record.
    :ivar volume_percent: how full its volume is by its guest, 0 to 100; None where Trove does not
        tell it, as in listings.
    """

    id: str
    name: str
    address: str = ""
    status: str = ""
    version: str = ""
    replica_of: str = ""
    kind: str = ""
    number: str = ""
    fault: str = ""
    addresses: tuple[Address, ...] = ()
    volume_percent: float | None = None

    @property
    def failed(self) -> bool:
        """Whether Trove calls it failed: ERROR, or FAILED where its own guest says so."""
        return self.status in ("ERROR", "FAILED")


@dataclass(frozen=True)
class Facts:
    """What one member's own server says of itself, at one moment.

    :ivar answers: the server can be reached and used.
    :ivar version: its own version, never Trove's record; empty when it does not answer.
    :ivar identity: changes whenever the server process is started anew.
    :ivar server_id: the server's own id, which comes with its data and lasts: who it is, whatever
        its address; empty where its datastore has no such thing.
    :ivar domain: failure domain, such as a shard or a rack.
    :ivar problems: why this member is not healthy or not caught up; empty when it is.
    :ivar settings: the settings that keeping the rollback path open would change, as they are now.
    :ivar native: whatever else the driver itself needs.
    :ivar address: at which its server is asked; empty where the driver asks no server.
    :ivar holds: how much data it has, in numbers such as keys or a position; see
        :meth:`Driver.missing_data`.
    """

    id: str
    name: str
    answers: bool = False
    version: str = ""
    identity: str = ""
    server_id: str = ""
    role: str = MEMBER
    domain: str = ""
    problems: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    native: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    holds: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What servers say and people read is shown by :func:`shown`."""
        for name in ("version", "identity", "server_id", "domain"):
            object.__setattr__(self, name, shown(getattr(self, name)))
        object.__setattr__(self, "problems", tuple(shown(one) for one in self.problems))

    @property
    def healthy(self) -> bool:
        """It answers and has no problems."""
        return self.answers and not self.problems

    @property
    def member(self) -> Member:
        """The same instance, as far as its server needs it to be asked once more."""
        return Member(self.id, self.name, self.address)


@dataclass(frozen=True)
class Check:
    """The answer to one named preflight question.

    A yes that rests on members who could not be asked is none: the plan calls it ``unknown``. No
    driver has to see to that, unless a check needs less than every member's answer.

    :ivar ok: nothing was found that speaks against it.
    :ivar remedy: what to do about it; empty when ok.
    :ivar asks: ids of the members whose answers it needs; None for every member's. Empty where
        Trove's record suffices.
    :ivar unasked: why something else that it needs could not be asked, a reason each.
    """

    name: str
    ok: bool
    message: str
    remedy: str = ""
    asks: Collection[str] | None = None
    unasked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """What servers say and people read is shown by :func:`shown`."""
        object.__setattr__(self, "message", shown(self.message))


def check(name: str, complaints: Iterable[str], fine: str, remedy: str,
          asks: Collection[str] | None = None, unasked: Iterable[str] = ()) -> Check:
    """The check ``name``: ok when there are no complaints.

    :param complaints: what is wrong, without a full stop; each is told once.
    :param fine: the message when nothing is wrong, as a sentence.
    :param remedy: what to do about the complaints.
    :param asks: ids of the members whose answers it needs; see :class:`Check`.
    :param unasked: why something else could not be asked; see :class:`Check`.
    """
    told = "; ".join(dict.fromkeys(complaints)).removesuffix(".")     # some are a server's words
    if told:
        return Check(name, False, f"{told}.", remedy)
    return Check(name, True, fine, "", asks, tuple(unasked))


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

    Every method may be called twice, and on any executor. Where it says so, a method raises
    :class:`DatastoreError`; all the others are decisions by the facts alone and ask nobody. Members
    are told apart by their ids, and versions are numbers such as ``"10.11.18"``.

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
    :cvar poll_sec: the shortest pause, in seconds, between two questions to the same members.
    :cvar paths: the versions that may follow each other; None where any may.
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
    paths: Rule | None = None

    def __init__(self, access: dict[str, Any]):
        """:param access: the section of the access file for this driver; see docs."""
        self.access = access

    @property
    def unavailable_sec(self) -> float:
        """How long a member that is upgraded may be unavailable, by the access file: logs that it
        catches up by must be kept for longer."""
        return float(self.access.get("unavailable_sec", UNAVAILABLE_SEC))

    @abc.abstractmethod
    def read(self, members: Iterable[Member]) -> ClusterFacts:
        """Ask every member's own server, and return the facts of each by its id.

        A member that does not answer is in the result with ``answers=False``; that raises nothing.
        """

    @abc.abstractmethod
    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        """All preflight checks of this datastore, each run whatever the others say.

        :param saved: ids of members whose rollback path is being kept open by an earlier run.
        """

    def checks_towards(self, facts: ClusterFacts, target: str) -> list[Check]:
        """The preflight checks for which it matters that the cluster is to run ``target``."""
        return []

    def traces(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[str]:
        """What a run of this driver leaves on the servers while it is under way, as far as it is
        seen: a complaint each, without a full stop. By it another engine's run is known.

        :param saved: as of :meth:`checks`.
        """
        return []

    @abc.abstractmethod
    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        """The gate: why the members ``unavailable`` may not be made unavailable now, as all the
        others tell it.

        :param unavailable: ids. When it is empty, the answer is why the whole cluster is not
            healthy.
        :return: one complaint each, without a full stop; empty when it is safe.
        """

    def decide(self, facts: ClusterFacts) -> None:
        """Make the decisions by these facts, only to see that they can be made.

        :raises Exception: what a member has answered makes that impossible.
        """
        self.blockers(facts, ())
        self.waves(facts, list(facts), together=False)
        self.checks(facts)

    @abc.abstractmethod
    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        """What the plan tells people: the rollback path, the point of no return, backups and more.

        :param keep_rollback_path: the run will keep the rollback path open; see
            :meth:`keep_rollback_path`.
        """

    def waves(self, facts: ClusterFacts, todo: Collection[str], together: bool) -> list[list[str]]:
        """The order in which ``todo`` is made unavailable, as lists of members unavailable at the
        same time.

        :param together: one member of each failure domain at a time, instead of one in all.
        """
        return [[member] for member in ordered(facts, todo)]

    def waves_back(self, facts: ClusterFacts, todo: Collection[str],
                   together: bool) -> list[list[str]]:
        """The order in which ``todo`` goes back to an older version; see :meth:`waves`."""
        return self.waves(facts, todo, together)

    def path(self, origin: str, target: str) -> str:
        """Why version ``target`` may not follow ``origin``, in one sentence; empty when it may."""
        return self.paths.verdict(origin, target) if self.paths else ""

    def background(self, members: Collection[Member]) -> dict[str, Any]:
        """The cluster's own background work that must rest during a roll, such as a balancer.

        :return: how it is now, as JSON, which is written down before :meth:`suspend`; empty when
            nothing has to rest.
        :raises DatastoreError: nobody could be asked.
        """
        return {}

    def suspend(self, members: Collection[Member], background: dict[str, Any]) -> None:
        """Stop the background work, and return when it rests. Idempotent.

        :param background: what :meth:`background` returned.
        :raises DatastoreError: it does not rest yet, or nobody could be asked.
        """

    def resume(self, members: Collection[Member], background: dict[str, Any]) -> None:
        """Start the background work again as it was. Idempotent.

        :param background: what :meth:`background` returned.
        :raises DatastoreError: nobody could be asked.
        """

    def switchover(self, facts: ClusterFacts, member_id: str, prefer: str) -> None:
        """Move a leading role away from the member, never by force; return when it has moved.

        Nothing happens where the member leads nothing.

        :param prefer: version that the new leader should run if there is a choice.
        :raises DatastoreError: nobody can take over, or nobody did in time.
        """

    def candidate(self, facts: ClusterFacts, member_id: str, prefer: str) -> str:
        """Id of the member that Trove is to promote in place of ``member_id``.

        Of those that have all its writes it is the one with the least left to replay; empty when
        there is none.

        :param prefer: version that the new leader should run if there is a choice.
        """
        return ""

    def unfit(self, facts: ClusterFacts, member_id: str) -> list[str]:
        """Why the member must not lead, however well it is; one complaint each, by its name."""
        return []

    def fence(self, facts: ClusterFacts, member_id: str, candidate_id: str) -> None:
        """Let the source ``member_id`` take no more writes, right before Trove promotes the
        candidate.

        Returns when the candidate has all of the source's writes. Idempotent; undone by
        :meth:`unfence`. Trove's guests don't do so for every datastore; a promotion under load then
        loses acknowledged writes.

        :raises DatastoreError: it did not come to that; the source is as it was and takes writes.
        """

    def unfence(self, facts: ClusterFacts) -> None:
        """Let every member take writes again, however the promotion ended. Idempotent.

        :raises DatastoreError: a member could not be told.
        """

    def bake_before(self, facts: ClusterFacts, wave: Collection[str]) -> bool:
        """Whether the bake time is spent before this wave too, because it closes the rollback
        path."""
        return self.forward_only and any(facts[one].role == PRIMARY for one in wave)

    def restore_roles(self, facts: ClusterFacts, primaries: Collection[str]) -> list[str]:
        """Let the members ``primaries`` lead again, and return the ids of those that were moved.

        :raises DatastoreError: a role did not move in time.
        """
        return []

    def still_coming(self, facts: ClusterFacts, member_id: str) -> str:
        """What the servers say that the member is still at, although Trove calls it failed.

        Trove gives a member up after 600 s, however much data it has to fetch. Empty when the
        member is at nothing, so that it has failed.
        """
        return ""

    def keep_rollback_path(self, member: Member, origin: str, target: str) -> None:
        """Make the upgraded member write nothing that version ``origin`` could not read.

        Idempotent; undone by :meth:`finalize`.

        :raises DatastoreError: the member could not be told, or is not ready yet.
        """

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        """Why the member can't go back to version ``origin`` on its data; empty when it can."""
        return ""

    def missing_data(self, facts: ClusterFacts, member_id: str, before: dict[str, int]) -> str:
        """Why a member that is back has less data than it had; empty when it has all.

        :param before: its :attr:`Facts.holds` when it was chosen; empty when it did not answer.
        """
        now = facts[member_id]
        less = [f"{name} {now.holds.get(name, 0)}, and had {had}" for name, had in before.items()
                if now.answers and now.holds.get(name, 0) < had]
        return f"{now.name} came back with less data: {'; '.join(less)}" if less else ""

    def finalize_blockers(self, facts: ClusterFacts) -> list[str]:
        """Why the upgrade can't be made final now, by the facts of all members that Trove knows;
        empty when it can. Asked before :meth:`finalize`, and only decides."""
        return []

    def finalize(self, member: Member, settings: dict[str, str]) -> None:
        """Do on one member what makes the upgrade final, and undo :meth:`keep_rollback_path`.

        Idempotent.

        :param settings: :attr:`Facts.settings` of the member before it was upgraded.
        :raises DatastoreError: it could not be done, or people have to do something first.
        """


def ordered(facts: ClusterFacts, todo: Collection[str]) -> list[str]:
    """Broken members first, leaders last, then by failure domain and name."""
    def key(member_id: str):
        member = facts[member_id]
        return (not goes_first(member), member.role == PRIMARY, member.domain, member.name,
                member_id)
    return sorted(todo, key=key)


def goes_first(member: Facts) -> bool:
    """Whether the member is broken and has to go before the healthy ones.

    A leader that answers goes last although it is broken: its followers follow no older leader.
    """
    return not member.answers or not (member.healthy or member.role == PRIMARY)


def unreachable(facts: ClusterFacts) -> list[str]:
    """One complaint for each member that does not answer, which begins with its name."""
    return [one.problems[0] if one.problems[0].startswith((f"{one.name} ", f"{one.name}: "))
            else f"{one.name}: {one.problems[0]}" for one in facts.values() if not one.answers]


def twins(facts: ClusterFacts, id_of: Callable[[Facts], object] = lambda one: one.server_id
          ) -> list[str]:
    """Complaints about members whose servers bear one id, as copies of an image may.

    :param id_of: the id that no two servers may share; empty where it is not known.
    """
    found: dict[object, list[str]] = {}
    for one in facts.values():
        if one.answers and (own := id_of(one)):
            found.setdefault(own, []).append(one.name)
    return [f"{' and '.join(names)} bear the same server id ({own})"
            for own, names in found.items() if len(names) > 1]


def any_one(facts: ClusterFacts) -> Collection[str] | None:
    """For :attr:`Check.asks`, where any one member's answer holds for all of them: one that
    answers, else every member."""
    return next(([one.id] for one in facts.values() if one.answers), None)


def sick(facts: ClusterFacts) -> list[str]:
    """What the members that answer complain of themselves."""
    return [problem for one in facts.values() if one.answers for problem in one.problems]
