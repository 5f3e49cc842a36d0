"""A lab: start it, make clusters in it, look at them, break them, stop it."""
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import yaml

from . import trove_conf
from .faults import Faults
from .files import read_lines, write_atomically
from .keystone.people import REGION
from .kinds import kind
from .kinds.base import Member
from .process import LabError, Server, wait_for
from .settings import Settings
from .workload import Workload

AGENT = "trove-upgrade-lab"        # how the lab's own calls of Trove are told apart
BUILD_SEC = 300
POLL_SEC = 0.5          # Trove loads each member, some of them twice, for one look


@dataclass(frozen=True)
class Cluster:
    """A cluster of the lab as its maker gets it; a replication set has its source's first id."""

    id: str
    name: str


class Lab:
    """Real Trove and real servers in `directory` (default: a new one, removed at the end).

    options: any of `Settings`, e.g. kind="redis", swap_sec=0.5, persistence="none".
    keystone: a Keystone that Trove asks who its callers are; then demo owns the clusters.
    region: of Keystone's catalog, where its API stands. more: text of a further trove.conf, which
    wins.
    Use it as a context manager; nothing of it outlives the `with`, nor this process.
    """

    def __init__(self, directory: str | Path | None = None, keystone=None, region: str = REGION,
                 more: str = "", **options):
        self.kind = kind(options.get("kind", "redis"))
        if self.kind.for_operators:
            options.setdefault("tenant", "admin")
        self.settings = Settings.choose(keystone=keystone is not None, **options)
        self.keystone, self.region, self._more = keystone, region, more
        self._own_directory = directory is None
        self.directory = Path(directory or tempfile.mkdtemp(prefix="trove-upgrade-lab-")).resolve()
        if self._own_directory:
            self.settings.remove = str(self.directory)
        self.faults = Faults(self.directory)
        self.access_dir = self.directory / "access"
        self.url = ""
        self._trove = Server("trove", "trove_server", self.directory)
        self._sessions: dict = {}          # by user: a token each, used until it expires

    def __enter__(self) -> "Lab":
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> "Lab":
        """Start Trove; returns when its API answers."""
        self.access_dir.mkdir(parents=True, exist_ok=True)
        if self.kind.unprivileged:
            self.directory.chmod(0o711)    # else `nobody` can't reach its own data in it
        self.settings.save(self.directory)
        self._write_access()
        if self._more:
            write_atomically(self.directory / trove_conf.MORE, self._more, mode=0o600)
        self.url = self._trove.start()
        return self

    def stop(self) -> None:
        """End Trove and every server; remove the directory if the lab made it."""
        self._trove.stop()
        if self._own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def kill(self) -> None:
        """kill -9 Trove, to see what is left (nothing should be)."""
        self._trove.kill()

    # How to reach it
    def client(self, user: str | None = None):
        """A stock troveclient; `user` is a person of the Keystone.

        Without Keystone it is the token itself; one that begins with 'admin' is an
        administrator's.
        """
        with warnings.catch_warnings():
            # troveclient takes eventlet when it is installed, and eventlet warns of itself.
            warnings.simplefilter("ignore")
            from troveclient.v1.client import Client
        user = user or ("demo" if self.keystone else self.settings.tenant)
        if user not in self._sessions:
            self._sessions[user] = self._session(user)
        where = {"region_name": self.region, "endpoint_type": self.keystone.interface} \
            if self.keystone else {}
        return Client(session=self._sessions[user], **where)

    def _session(self, user: str):
        from keystoneauth1.session import Session
        from keystoneauth1.token_endpoint import Token
        if self.keystone:
            return self.keystone.session(user, user_agent=AGENT)
        return Session(auth=Token(f"{self.url}/{user}", user), user_agent=AGENT)

    def env(self) -> dict[str, str]:
        """Variables that lead stock OpenStack clients and openstacksdk to this Trove."""
        if self.keystone:
            return self.keystone.env("demo", self.region)
        return {"OS_AUTH_TYPE": "admin_token", "OS_TOKEN": self.settings.tenant,
                "OS_ENDPOINT": f"{self.url}/{self.settings.tenant}"}

    def version_id(self, name: str, datastore: str = "") -> str:
        """The uuid of a version, inactive ones included; of the lab's own kind by default."""
        datastore = datastore or self.kind.datastore
        versions = self.client("admin").mgmt_ds_versions.list()
        found = [v.id for v in versions if v.name == name and v.datastore_name == datastore]
        if not found:
            raise LabError(f"the lab's Trove has no {datastore} {name}")
        return found[0]

    # Clusters
    def create_cluster(self, name: str = "shop", version: str = "", **shape) -> Cluster:
        """A cluster of the old version: ACTIVE by Trove, whole and in sync by its servers' word.

        shape: what the kind's `shape` takes, e.g. shards=3, replicas=1.
        """
        if self.kind.replicates:
            return self.create_replication_set(name, version, **shape)
        size, layout = self.kind.shape(**shape)
        self.settings.layouts[name] = layout
        self.settings.save(self.directory)
        instances = [{"flavorRef": "1", "volume": {"size": 1}}] * size
        created = self.client().clusters.create(
            name, self.kind.datastore, version or self.settings.old, instances=instances,
            extended_properties=self.kind.properties(layout) or None)
        cluster = Cluster(created.id, name)
        wait_for(lambda: self.is_settled(cluster), BUILD_SEC, f"cluster {name}", every=POLL_SEC)
        return cluster

    def create_replication_set(self, name: str = "shop", version: str = "", **shape) -> Cluster:
        """A source named `name` and replicas of it, made through Trove; settled as a cluster is."""
        _, replicas = self.kind.shape(**shape)
        self.settings.layouts[name] = replicas
        self.settings.save(self.directory)
        instances = self.client().instances
        source = instances.create(name, flavor_id="1", volume={"size": 1},
                                  datastore=self.kind.datastore,
                                  datastore_version=version or self.settings.old)
        made = Cluster(source.id, name)
        wait_for(lambda: self.is_settled(made), BUILD_SEC, f"the source {name}", every=POLL_SEC)
        if replicas:
            instances.create(f"{name}-replica", replica_of=source.id, replica_count=replicas)
        wait_for(lambda: len(self._rows(made)) == 1 + replicas and self.is_settled(made),
                 BUILD_SEC, f"the replicas of {name}", every=POLL_SEC)
        return made

    def promote(self, member_id: str) -> None:
        """Let Trove make this replica the source of its set; does not wait."""
        self.client().instances.promote_to_replica_source(member_id)

    def is_settled(self, cluster: Cluster) -> bool:
        """True when Trove is at rest, all members ACTIVE, and the servers agree all is well."""
        task, shown = self.shown(cluster)
        statuses = {instance["status"] for instance in shown}
        if "ERROR" in statuses:
            raise LabError(f"cluster {cluster.name} has members in ERROR; see "
                           f"{self.directory}/trove.log")
        return (task == "NONE" and statuses == {"ACTIVE"}
                and self.kind.is_whole(_rows(shown), self.settings))

    def is_whole(self, cluster: Cluster) -> bool:
        """True when all members' servers agree that all is well, whatever Trove says."""
        return self.kind.is_whole(self._rows(cluster), self.settings)

    def members(self, cluster: Cluster) -> list[Member]:
        """The members with what their own servers say of themselves, in order of name."""
        return self.kind.members(self._rows(cluster), self.settings)

    def shown(self, cluster: Cluster) -> tuple[str, list[dict]]:
        """(Trove's task, its members as Trove shows them); a set has no task of its own."""
        if not self.kind.replicates:
            found = self._cluster(cluster)
            return found.task["name"], found.instances
        # The source and its replicas bear the set's name, whoever leads.
        return "NONE", [each for each in self._instances() if each["name"] == cluster.name
                        or each["name"].startswith(f"{cluster.name}-replica")]

    def _cluster(self, cluster: Cluster):
        """As Trove shows it to who sees all its members."""
        if not self.kind.for_operators:
            return self.client().clusters.get(cluster.id)
        from troveclient.v1.management import MgmtClusters
        return MgmtClusters(self.client("admin")).show(cluster.id)

    def version_of(self, cluster: Cluster) -> str:
        """The version that Trove's record of the cluster names; of a set, that of its source."""
        if not self.kind.replicates:
            return self.client().clusters.get(cluster.id).datastore["version"]
        instances = map(self.client().instances.get, (one["id"] for one in self.shown(cluster)[1]))
        return next(one.datastore["version"] for one in instances
                    if not getattr(one, "replica_of", None))

    def load(self, cluster: Cluster, **options) -> Workload:
        """The write load on a cluster; options: threads, rate, preload."""
        nodes = [(each["address"], self.settings.port) for each in self._rows(cluster)]
        layout = self.settings.layouts[cluster.name]
        return Workload(self.kind.clients(nodes, self.settings, layout), **options)

    def upgrade_member(self, member_id: str, version: str) -> None:
        """PATCH one member through Trove; does not wait."""
        self.client().instances.upgrade(member_id, self.version_id(version))

    def restart_member(self, member_id: str) -> None:
        """Restart one member's server on its version through Trove; does not wait."""
        self.client("admin").instances.restart(member_id)

    def remove_member(self, cluster: Cluster, member_id: str) -> None:
        """Take a replica out of the cluster and delete it, through Trove; does not wait.

        (Trove deletes a member in no other way: DELETE is refused for members of clusters.)
        """
        self.client().clusters.shrink(cluster.id, [{"id": member_id}])

    # What happened
    def journal(self) -> list[dict]:
        """All that the guests did: {t, instance, name, event, version, role, ...}, in order."""
        return read_lines(self.directory / "journal.jsonl")

    def api_calls(self, own: bool = False) -> list[dict]:
        """All calls of Trove's API {t, sec, method, path, status, agent, fault}, in order.

        own: also those that this object made.
        """
        calls = read_lines(self.directory / "api-calls.jsonl")
        return [call for call in calls if own or not call["agent"].startswith(AGENT)]

    def _instances(self) -> list[dict]:
        """All instances that are no members of clusters; Trove tells them in pages."""
        found, marker = [], None
        while True:
            page = self.client().instances.list(marker=marker)
            found += [instance.to_dict() for instance in page]
            marker = page.next
            if not marker:
                return found

    def _rows(self, cluster: Cluster) -> list[dict]:
        return _rows(self.shown(cluster)[1])

    def _write_access(self) -> None:
        """The access file of the pack: how its drivers reach the members' servers."""
        section = {"projects": "all",
                   self.kind.name: self.kind.access(self.settings, self.access_dir)}
        (self.access_dir / "default.yaml").write_text(yaml.safe_dump(section))


def _rows(shown: list[dict]) -> list[dict]:
    """{id, name, address} of each member that has one, in order of name."""
    rows = [{"id": instance["id"], "name": instance["name"], "address": _address(instance)}
            for instance in shown if instance.get("ip")]
    return sorted(rows, key=lambda row: (len(row["name"]), row["name"]))


def _address(instance: dict) -> str:
    """Trove gives plain addresses in one view and {"address", "type"} in another."""
    first = instance["ip"][0]
    return first["address"] if isinstance(first, dict) else first
