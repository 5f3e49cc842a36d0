"""The members of a cluster: who they are by Trove, and what their own servers report, read at this
moment by the driver that may."""
from collections.abc import Iterable
from typing import Any

from .. import datastores
from ..datastores.addresses import placed
from ..datastores.base import ClusterFacts, Driver, Member
from ..planning.documents import Job, Peer, PlanMember, WaveMember
from ..planning.groups import CLUSTER
from . import access_files
from .sessions import Actor
from .trove import Trove


def driver_for(job: Job, actor: Actor | None, pinned: bool = True) -> Driver:
    """The run's driver with the site's access to the members.

    :param actor: who acts for the run; may be None where no access file names a secret.
    :param pinned: the access file must be the one that the run began with.
    """
    if pinned:
        access_files.check_pinned(job)
    return driver_named(job["driver"], job["access"], job["project_id"], job["cluster_id"], actor)


def driver_named(name: str, access: str, project_id: str, cluster_id: str,
                 actor: Actor | None) -> Driver:
    """The driver with the section of the access file that this project has for this cluster."""
    return datastores.driver(name, access_files.settings(access, name, project_id, cluster_id,
                                                         actor))


def facts_of(driver: Driver, trove: Trove, members: Iterable[Member]) -> ClusterFacts:
    """What the members say; where only Trove can be asked, Trove is asked anew."""
    members = list(members)
    return driver.read(trove.members(members) if driver.asks_trove else members)


def health_of(driver: Driver, trove: Trove, job: Job,
              members: Iterable[Member]) -> ClusterFacts:
    """Facts that suffice for a gate: where only Trove can be asked, one listing of the cluster,
    which has no versions."""
    if driver.asks_trove:
        members = trove.group(job)["members"]
    return driver.read(members)


def placed_by(driver: Driver, members: Iterable[Member]) -> list[Member]:
    """The members with the addresses that the driver's section of the access file chooses; Trove
    chooses by it itself only in a run that has a record."""
    return [placed(one, driver.access) for one in members]


def found_now(trove: Trove, kind: str, wanted: str) -> dict[str, Any]:
    """The cluster or the replication set that a person has asked for, by id or name."""
    return trove.cluster(wanted) if kind == CLUSTER else trove.replication_set(wanted)


def as_members(entries: Iterable[Peer | PlanMember | WaveMember]) -> list[Member]:
    """Members from the small dicts that workflows pass on."""
    return [Member(one["id"], one["name"], one["address"], kind=one["kind"])
            for one in entries]
