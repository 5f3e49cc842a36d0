"""What the pack asks Trove, in the pack's own words."""
import functools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from troveclient.apiclient import exceptions
from troveclient.v1.management import MgmtClusters

from ..datastores.addresses import placed
from ..datastores.base import Address, Member
from ..planning.documents import Job
from ..planning.groups import CLUSTER
from ..planning.versions import Version, called, find, number_of
from ..schemas import UpgradeError
from . import access_files, clients, replication_sets
from .sessions import Actor


class Trove:
    """Trove's API in an actor's name.

    :param only: job of the run whose members alone may be asked for; without one, any. Its access
        file chooses the members' addresses.
    """

    def __init__(self, actor: Actor, only: Job | None = None):
        self._actor = actor
        self._only = only

    @functools.cached_property
    def _client(self) -> Any:
        """Made when it is needed: that asks Keystone."""
        return clients.trove(self._actor)

    @functools.cached_property
    def _access(self) -> dict[str, Any]:
        """Read when it is needed: many steps list no members."""
        return access_files.of_job(self._only) if self._only else {}

    def _member(self, found: dict[str, Any]) -> Member:
        return placed(_member(found), self._access)

    def verify_credentials(self) -> None:
        """Make sure that the actor's rights stand.

        :raises UpgradeError: code ``rights_revoked``.
        """
        self._actor.verify_credentials()

    def cluster(self, wanted: str) -> dict[str, Any]:
        """The cluster of this id, or of this unique name: ``{id, name, datastore,
        datastore_version, task}`` and ``members`` without their versions.

        :raises UpgradeError: code ``unknown_cluster``.
        """
        try:
            found = self._client.clusters.get(wanted)
        except exceptions.NotFound:
            found = self._client.clusters.get(self._id_by_name(wanted))
        found = self._with_all_members(found)
        return {"id": found.id, "name": found.name, "datastore": found.datastore["type"],
                "datastore_version": found.datastore["version"], "task": found.task["name"],
                "members": [self._member(one) for one in found.instances]}

    def replication_set(self, wanted: str, known: Iterable[str] = ()) -> dict[str, Any]:
        """The replication set of the instance of this id or unique name: as :meth:`cluster`, and
        ``source``, the id of the member that the others replicate. The oldest member's id is the
        set's own, whoever is its source.

        :param known: ids of members that it had when it was planned, some of which may be gone.
        :raises UpgradeError: code ``unknown_set``.
        """
        client = self._client
        ids = [*known] or [replication_sets.id_by_name(client, wanted)]
        shown = replication_sets.gather(client, ids)
        source = replication_sets.source_of(shown)
        return {"id": wanted if known else shown[0]["id"], "name": shown[0]["name"],
                "datastore": source["datastore"]["type"],
                "datastore_version": source["datastore"]["version"], "task": "NONE",
                "source": source["id"], "members": [self._member(one) for one in shown]}

    def group(self, job: Job) -> dict[str, Any]:
        """The cluster or replication set of a plan's ``job``, as it is now."""
        if job["kind"] == CLUSTER:
            return self.cluster(job["cluster_id"])
        return self.replication_set(job["cluster_id"], job["members"])

    def members(self, listed: list[Member]) -> list[Member]:
        """The members with the version that Trove has recorded for each: one call a member."""
        return [replace(self.member(one.id), kind=one.kind) for one in listed]

    def recorded(self, listed: list[Member]) -> list[Member]:
        """The same without a call for those that were listed with their version a moment ago, as
        a replication set's are."""
        return [one if one.version else self.members([one])[0] for one in listed]

    def unchanged(self, one: Member) -> bool:
        """Whether Trove still calls the member what it did: one cheap call. The whole cluster, for
        which Trove loads each member twice, is worth a question when this says no."""
        try:
            return self.member(one.id).status == one.status
        except UpgradeError:        # it is gone
            return False

    def member(self, instance_id: str) -> Member:
        """:raises UpgradeError: code ``member_gone``."""
        try:
            found = self._client.instances.get(instance_id).to_dict()
        except exceptions.NotFound:
            raise _gone(instance_id) from None
        if not self._is_ours(found):
            raise _gone(instance_id)
        return self._member(found)

    def versions(self, datastore: str) -> list[Version]:
        """What the datastore offers, oldest first by Trove's own order."""
        return [_version(one) for one in self._client.datastore_versions.list(datastore)
                if one.to_dict().get("active", True)]       # told to administrators only

    def retired(self, cluster: dict[str, Any], members: Iterable[Member],
                offered: list[Version]) -> list[Version]:
        """The versions recorded for the cluster and its members that are offered no more. Trove
        shows an inactive one who asks for it by its name, if it is the only one of that name."""
        names = {cluster["datastore_version"], *(one.version for one in members)}
        names -= {each["name"] for each in offered}     # of several Trove shows none
        found = [self._by_name(cluster["datastore"], name) for name in sorted(filter(None, names))]
        return [one for one in found if one and one not in offered]

    def target(self, wanted: str, datastore: str, offered: list[Version]) -> Version:
        """The version of this id or name.

        :raises UpgradeError: code ``unknown_version`` or ``other_datastore``.
        """
        found = find(offered, wanted)
        if len(found) > 1:
            ids = ", ".join(f"{one['id']} ({number_of(one)})" for one in found)
            raise UpgradeError("unknown_version", f"Several versions are called {wanted!r}; give "
                               f"one of these ids: {ids}.", "stop")
        return found[0] if found else self._elsewhere(wanted, datastore, offered)

    def upgrade(self, instance_id: str, version: Version) -> None:
        """Ask for the upgrade of one instance; Trove answers before any work is done."""
        self._client.instances.upgrade(instance_id, version["id"])

    def promote(self, instance_id: str) -> None:
        """Ask that the replica become the source of its set."""
        self._client.instances.promote_to_replica_source(instance_id)

    def replicate(self, name: str, source_id: str) -> str:
        """Ask for one more replica of the source; its id. It has the source's flavor, volume and
        version; Trove refuses a request that names one."""
        return self._client.instances.create(name, replica_of=source_id, replica_count=1).id

    def delete(self, instance_id: str) -> None:
        """Ask that the instance be deleted."""
        self._client.instances.delete(instance_id)

    def back_up(self, instance_id: str, name: str) -> str:
        """Ask for a backup; its id."""
        return self._client.backups.create(name, instance_id).id

    def backup(self, instance_id: str, name: str) -> dict[str, str] | None:
        """The backup of this name ``{id, status}``, or None."""
        page = self._client.backups.list(instance_id=instance_id)
        while True:
            for one in page:
                if one.name == name:
                    return {"id": one.id, "status": one.status}
            if not page.next:
                return None
            page = self._client.backups.list(instance_id=instance_id, marker=page.next)

    def _is_ours(self, found: dict[str, Any]) -> bool:
        """Whether the instance is one of the run's cluster or set; a set's may have been rebuilt,
        and then replicates another of it."""
        if self._only is None:
            return True
        if self._only["kind"] == CLUSTER:
            return found.get("cluster_id") == self._only["cluster_id"]
        linked = {found["id"], (found.get("replica_of") or {}).get("id"),
                  *(one["id"] for one in found.get("replicas") or ())}
        return not found.get("cluster_id") and not linked.isdisjoint(self._only["members"])

    def _with_all_members(self, found: Any) -> Any:
        """Where members have shards there are config servers and routers too, which Trove shows to
        administrators only; others get the cluster as it was found."""
        if not any("shard_id" in one for one in found.instances):
            return found
        try:
            return MgmtClusters(self._client).show(found.id)
        except (exceptions.Unauthorized, exceptions.Forbidden):
            return found

    def _id_by_name(self, wanted: str) -> str:
        same = [one.id for one in self._clusters() if one.name == wanted]
        if len(same) == 1:
            return same[0]
        if same:
            raise UpgradeError("unknown_cluster", f"Several clusters are called {wanted!r}; give "
                               f"one of these ids: {', '.join(same)}.", "stop")
        raise UpgradeError("unknown_cluster", f"There is no cluster {wanted!r}.", "stop")

    def _clusters(self):
        page = self._client.clusters.list()
        yield from page
        while page.next:
            page = self._client.clusters.list(marker=page.next)
            yield from page

    def _by_name(self, datastore: str, name: str) -> Version | None:
        try:
            return _version(self._client.datastore_versions.get(datastore, name))
        except exceptions.ClientException as error:
            # 400: nothing is called that; 500: several are.
            if getattr(error, "http_status", 0) in (400, 404, 500):
                return None
            raise

    def _elsewhere(self, wanted: str, datastore: str, offered: list[Version]) -> Version:
        """A version that the list did not show: inactive, of another datastore, or nothing."""
        names = ", ".join(map(called, offered))
        try:
            found = self._client.datastore_versions.get_by_uuid(wanted)
        except exceptions.ClientException:
            if self._by_name(datastore, wanted):
                raise UpgradeError("unknown_version", f"Version {wanted!r} of datastore "
                                   f"{datastore} is inactive: ask the operator to activate it. It "
                                   f"offers: {names}.", "stop") from None
            raise UpgradeError("unknown_version", f"Datastore {datastore} offers no version "
                               f"{wanted!r}; it offers: {names}.", "stop") from None
        if found.datastore != self._client.datastores.get(datastore).id:
            raise UpgradeError("other_datastore", f"Version {found.name} belongs to another "
                               f"datastore than {datastore}.", "stop")
        return _version(found)


def _gone(instance_id: str) -> UpgradeError:
    return UpgradeError("member_gone", f"The cluster has no member {instance_id} in Trove any "
                        "more.", "rollback", instance_id)


def _member(found: dict[str, Any]) -> Member:
    return Member(found["id"], found["name"], "", _status(found),
                  found.get("datastore", {}).get("version", ""),
                  (found.get("replica_of") or {}).get("id", ""), found.get("type", ""),
                  found.get("datastore", {}).get("version_number") or "",
                  (found.get("fault") or {}).get("message", ""), _addresses(found),
                  _volume_percent(found.get("volume") or {}))


def _status(found: dict[str, Any]) -> str:
    """Trove's status; but what the guest itself calls failed is not ACTIVE.

    A heartbeat from before the work ends Trove's waiting; it then never sees that the work failed.
    """
    status = found.get("status", "")
    failed = status == "ACTIVE" and found.get("operating_status") == "FAILED"
    return "FAILED" if failed else status


def _volume_percent(volume: dict[str, Any]) -> float | None:
    """Guests of older Troves tell no percentage, so what is used is compared with the size; both
    are in GiB."""
    told = volume.get("used_percent")
    if told is None and volume.get("used") is not None and volume.get("size"):
        told = 100 * volume["used"] / volume["size"]
    return told


def _addresses(found: dict[str, Any]) -> tuple[Address, ...]:
    """An instance tells ``{address, type, network}`` as ``addresses``, a cluster tells the same as
    ``ip``; older Troves tell plain addresses as ``ip``."""
    return tuple(Address(one["address"], one.get("type") or "", one.get("network") or "")
                 if isinstance(one, dict) else Address(one)
                 for one in found.get("addresses") or found.get("ip") or ())


def _version(found: Any) -> Version:
    shown = found.to_dict()     # asking the resource for what it has not makes it load itself
    return {"id": shown["id"], "name": shown["name"],
            "number": str(shown.get("version") or shown["name"])}
