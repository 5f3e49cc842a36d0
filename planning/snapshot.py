"""All that is known of a cluster when a decision is made."""
from dataclasses import dataclass, field
from typing import Any

from ..datastores.base import ClusterFacts, Member
from .groups import CLUSTER
from .versions import Version, bears, most_specific, runs


@dataclass(frozen=True)
class ClusterSnapshot:
    """Facts of one moment: Trove's record, the members' own reports, and who holds the lock.

    :ivar cluster: ``{id, name, datastore, datastore_version, task}``, of a replication set also
        ``source``, the id of the member that the others replicate by Trove.
    :ivar members: in Trove's order; their ``version`` is the name that Trove recorded.
    :ivar versions: what the datastore offers, ``{id, name, number}`` each.
    :ivar retired: versions that are recorded for its members and offered no more.
    :ivar facts: of every member, by its id.
    :ivar lock_owner: execution that holds the cluster, or empty.
    :ivar saved_settings: settings kept by an earlier run until finalised, by member id.
    :ivar task_is_ours: Trove's task on the cluster was taken by this run.
    :ivar lock_reach: whom the lock holds off: ``trove`` (and all else), ``mistral``, ``project``.
    :ivar kind: ``cluster`` or ``replication_set``.
    :ivar project_id: of who asks; empty without Keystone.
    :ivar access_file: there is an access file of the name that was asked for.
    :ivar executors: that they differ, in a sentence; empty where nothing is known of it.
    """

    cluster: dict[str, str]
    members: list[Member]
    versions: list[Version]
    target: Version
    facts: ClusterFacts
    lock_owner: str = ""
    saved_settings: dict[str, Any] = field(default_factory=dict)
    task_is_ours: bool = False
    lock_reach: str = "trove"
    kind: str = CLUSTER
    project_id: str = ""
    retired: list[Version] = field(default_factory=list)
    access_file: bool = False
    executors: str = ""

    def done(self, member: Member) -> bool:
        """On the target by Trove's record and by its own evidence, and well."""
        return is_done(member, self.facts, self.target)

    def origin(self, member: Member) -> Version:
        """The version to go back to; one without an id where Trove knows none that can be told
        from others."""
        return self.known_origin(member) or {
            "id": "", "name": member.version, "number": self.facts[member.id].version}

    def known_origin(self, member: Member) -> Version | None:
        """Trove's record, unless a failed attempt has already overwritten it; then what the server
        says, then what the cluster was built with. Never the target."""
        own, others = self.facts[member.id].version, self._others()
        silent = not own or runs(own, self.target)      # it tells nothing of where it came from
        overwritten = not member.version or bears(member, self.target)
        for found in ([one for one in others if bears(member, one)],
                      [one for one in others if own and runs(own, one)],
                      [one for one in others if silent and overwritten and self._built_with(one)]):
            if found:
                return most_specific([one for one in found if runs(own, one)] or found)
        return None

    def _built_with(self, version: Version) -> bool:
        """Whether the cluster was: Trove tells that by the name alone, so where the target bears
        it, too, another member has to be on the version."""
        name = self.cluster["datastore_version"]
        return version["name"] == name and (
            self.target["name"] != name or any(bears(one, version) for one in self.members))

    def asked_before(self, member: Member) -> bool:
        """By Trove's record it is on the target or on its way there, and on nothing else."""
        return bears(member, self.target) and not any(bears(member, one) for one in self._others())

    def unavailable(self) -> list[str]:
        """Ids of those whose silence is no wonder: Trove does not call them ACTIVE, or an
        earlier run has left them on their way."""
        return [one.id for one in self.members
                if one.status not in ("ACTIVE", "HEALTHY") or self.asked_before(one)]

    def _others(self) -> list[Version]:
        return [one for one in (*self.versions, *self.retired) if one["id"] != self.target["id"]]

    def untouched_settings(self) -> dict[str, Any]:
        """By member id: those of the members that still run their old version, so as people have
        set them."""
        return {one.id: self.facts[one.id].settings for one in self.members
                if self.facts[one.id].settings
                and runs(self.facts[one.id].version, self.origin(one))}


def is_done(member: Member, facts: ClusterFacts, target: Version) -> bool:
    """On the target by Trove's record and by its own evidence, and well."""
    own = facts[member.id]
    return bears(member, target) and own.healthy and runs(own.version, target)
