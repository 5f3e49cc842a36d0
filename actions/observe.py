"""Facts for a decision: Trove's record and what the members' own servers report, read at this
moment."""
from collections.abc import Iterable
from typing import Any

from .. import datastores
from ..datastores.addresses import placed
from ..datastores.base import ClusterFacts, Driver, Member
from ..ownership.lock import Lock
from ..planning.documents import Job, Peer, PlanMember, WaveMember
from ..planning.groups import CLUSTER, SET
from ..planning.snapshot import ClusterSnapshot
from ..services import access_files, differing, rights
from ..services.sessions import Actor
from ..services.trove import Trove


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


def snapshot(context: Any, options: dict[str, Any], owner: str,
              kind: str = CLUSTER) -> tuple[ClusterSnapshot, Driver, Lock]:
    """Everything that a plan needs, with the driver that read it and the cluster's lock.

    :param owner: the execution that asks; its own lock does not stand in its way.
    :param kind: ``cluster`` or ``replication_set``.
    """
    actor = rights.acting(context, owner)
    trove = Trove(actor)
    cluster = found_now(trove, kind, options["cluster_id"])
    rights.acting(context, owner, cluster["id"])        # what the run has kept is for one cluster
    offered = trove.versions(cluster["datastore"])
    target = trove.target(options["datastore_version"], cluster["datastore"], offered)
    name = datastores.choose(options["driver"], cluster["datastore"], kind == SET)
    project_id = context.security.project_id or ""
    driver = driver_named(name, options["access"], project_id, cluster["id"], actor)
    members = placed_by(driver, trove.recorded(cluster.pop("members")))
    lock = Lock(actor, cluster["id"], project_id)
    holder = lock.live_owner()
    now = ClusterSnapshot(cluster, members, offered, target, driver.read(members),
                          "" if holder == owner else holder, lock.saved_settings(),
                          lock.holds_task(owner), lock.reach(in_trove=kind == CLUSTER), kind,
                          project_id=project_id, retired=trove.retired(cluster, members, offered),
                          access_file=access_files.exists(options["access"]),
                          executors=differing.note(actor))
    return now, driver, lock


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
