"""A model of a Vertica database, for tests that need hundreds of runs in milliseconds.

It stands for the nodes behind ``datastores.vertica.client.Servers``: a node answers while the
database is up with it, which takes most of the nodes on one version; the first start of a version
converts the catalog, and an older one then does not start. The double that speaks the protocol is
tested in tests/datastores.
"""
from dataclasses import dataclass, field

from trove_upgrade.datastores.base import DatastoreError, Member
from trove_upgrade.datastores.vertica import VerticaDriver
from trove_upgrade.planning import undo
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.planning.snapshot import ClusterSnapshot
from trove_upgrade.schemas import read_input

OLD, NEW = "11.1.1", "12.0.4"
VERSIONS = [{"id": f"id-{number}", "name": number, "number": number}
            for number in ("11.0.2", OLD, NEW, "23.3.0")]
FAILED = [{"code": "member_failed", "class": "rollback", "instance": "n1", "message": "It broke."}]
QUIET = {"now": "2026-01-02 12:00:00", "catalog_kb": 1024, "memory_bytes": 1 << 34, "running": [],
         "sessions": [], "backup": "2026-01-02 11:00:00", "stale": [], "catalog_free_mb": 4096}


@dataclass
class Node:
    number: int
    version: str = OLD
    process: bool = True
    starts: int = 1

    @property
    def id(self):
        return f"n{self.number}"

    @property
    def address(self):
        return f"10.0.0.{self.number + 1}"


@dataclass
class Database:
    """Also the driver's ``Servers``; ``trove`` holds Trove's recorded versions."""

    size: int = 3
    catalog: str = OLD
    shutdowns: int = 0
    audited: dict = field(default_factory=lambda: dict(QUIET))

    def __post_init__(self):
        self.nodes = {node.id: node for node in map(Node, range(self.size))}
        self.trove = dict.fromkeys(self.nodes, OLD)
        self.driver = VerticaDriver({})
        self.driver._servers = self

    @property
    def members(self):
        return [Member(node.id, f"node-{node.number}", node.address, "ACTIVE", self.trove[node.id])
                for node in self.nodes.values()]

    def up(self):
        """The nodes that serve: those of the version that most of all nodes run."""
        for version in {node.version for node in self.nodes.values() if node.process}:
            there = [node for node in self.nodes.values()
                     if node.process and node.version == version]
            if 2 * len(there) > self.size:
                return there
        return []

    def start(self, one, version):
        """A process of this version; it does not start on a newer catalog."""
        node = self.nodes[one]
        node.version, node.starts = version, node.starts + 1
        node.process = numbers(version) >= numbers(self.catalog)
        if up := self.up():
            self.catalog = max(self.catalog, up[0].version, key=numbers)

    def stop(self, one):
        self.nodes[one].process = False

    # What Servers does
    def ask_all(self, members):
        up = {node.id for node in self.up()}
        return {one.id: self._answer(self.nodes[one.id], up) for one in members}

    def audit(self, member):
        return self.audited

    def shut_down(self, member, banner):
        node = self.nodes[member.id]
        if node not in self.up() or banner != banner_of(node.version):
            raise DatastoreError("no_answer", "It is down.", passing=True)
        self.shutdowns += 1
        for one in self.up():
            one.process = False

    def _answer(self, node, up):
        if node.id not in up:
            return {"error": f"node-{node.number}: no answer", "code": "no_answer"}
        down = self.size - len(up)
        designed = 1 if self.size > 2 else 0
        return {"version": banner_of(node.version), "node": f"v{node.number}",
                "nodes": [[f"v{one.number}", "UP" if one.id in up else "DOWN", one.address]
                          for one in self.nodes.values()],
                "designed": designed, "current": max(0, designed - down),
                "since": f"{node.id}-{node.starts}"}


def numbers(version):
    return tuple(int(part) for part in version.split("."))


def banner_of(version):
    return f"Vertica Analytic Database v{version}-0"


def snapshot(database, target=NEW):
    return ClusterSnapshot(
        cluster={"id": "c1", "name": "stats", "datastore": "vertica", "datastore_version": OLD,
                 "task": "NONE"},
        members=database.members, versions=VERSIONS,
        target=next(one for one in VERSIONS if one["number"] == target),
        facts=database.driver.read(database.members))


def plan_of(database, target=NEW, **given):
    options = read_input({"cluster_id": "c1", "datastore_version": target,
                          "skip_checks": "outage_accepted", **given})
    return make_plan(snapshot(database, target), database.driver, options, "owner-1")


def read(database):
    return database.driver.read(database.members)


def undoing(database, plan, wanted="all"):
    facts = read(database)
    todo = undo.to_undo(plan, database.members, facts, wanted, full_stop=True)
    wave = undo.next_undo(database.driver, facts, plan, todo)
    undo.check_rollback_path(database.driver, facts, plan, wave)
    return wave
