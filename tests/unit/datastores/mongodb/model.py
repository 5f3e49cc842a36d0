"""A model of a sharded cluster, for tests that need thousands of clusters in milliseconds.

It stands for the servers behind ``datastores.mongodb.client.Servers`` and answers what hello,
replSetGetStatus, replSetGetConfig, balancerStatus and the oplog's ends answer. The doubles, which
are asked over the wire, are in test_driver_on_doubles.py.
"""
import datetime
from dataclasses import dataclass, field

from trove_upgrade.datastores.base import DatastoreError, Member
from trove_upgrade.datastores.mongodb import MongoDriver, gate, topology
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.planning.snapshot import ClusterSnapshot
from trove_upgrade.schemas import read_input

OLD, NEW = "6.0.19", "7.0.15"
VERSIONS = [{"id": f"id-{number}", "name": number, "number": number}
            for number in ("5.0.31", OLD, NEW, "8.0.4")]
NOW = datetime.datetime(2025, 6, 1, tzinfo=datetime.UTC)


@dataclass
class Node:
    number: int
    group: str              # config, rs1 ..., routers
    leads: bool = False
    version: str = OLD
    up: bool = True
    starts: int = 1
    state: int = 2          # of one that does not lead
    behind_sec: int = 0
    fcv: str = "6.0"
    oplog: dict = field(default_factory=lambda: {"first": 0, "last": 86400, "size": 1000,
                                                 "max_size": 1000})
    row: dict = field(default_factory=dict)     # more of its row in replSetGetConfig

    @property
    def id(self):
        return f"m{self.number:02}"

    @property
    def host(self):
        return f"10.0.0.{self.number + 1}:27017"


class Cluster:
    """Config servers, shards and routers; ``trove`` holds Trove's recorded versions."""

    def __init__(self, shards=1, size=3, routers=2):
        groups = [one for name in ("config", *(f"rs{n + 1}" for n in range(shards)))
                  for one in [name] * size] + ["routers"] * routers
        # Numbered from behind, so that Trove's order is not the one wanted.
        nodes = [Node(len(groups) - 1 - number, group) for number, group in enumerate(groups)]
        self.nodes = {node.id: node for node in sorted(nodes, key=lambda node: node.number)}
        self.groups = [name for name in dict.fromkeys(groups) if name != "routers"]
        for name in self.groups:
            self.of(name)[0].leads = True
        self.trove = dict.fromkeys(self.nodes, OLD)
        self.write_concern, self.set_settings, self.journal_default = {}, {}, True
        self.named = False      # sets call their members by host names
        self.balancer = {"mode": "off", "inBalancerRound": False}
        self.driver = ModelDriver(self)

    @property
    def members(self):
        return [Member(node.id, f"member-{node.number:02}", node.host.partition(":")[0], "ACTIVE",
                       self.trove[node.id], kind=self.kind(node)) for node in self.nodes.values()]

    @staticmethod
    def kind(node):
        return {"config": topology.CONFIG, "routers": topology.ROUTER}.get(
            node.group, topology.SHARD)

    def of(self, group):
        return [node for node in self.nodes.values() if node.group == group]

    def leader(self, group):
        return next((node for node in self.of(group) if node.leads), None)

    def elect(self, candidate_id):
        candidate = self.nodes[candidate_id]
        assert candidate.up
        assert candidate.state == 2
        for node in self.of(candidate.group):
            node.leads = node is candidate

    def set_well(self, one, well):
        self.nodes[one].state = 2 if well else 3

    def answers(self, asked=None):
        """Of the members asked, of all when not given."""
        return {one: self._answer(self.nodes[one]) if self.nodes[one].up
                else {"error": f"member-{one[1:]}: no answer", "code": "no_answer"}
                for one in asked or self.nodes}

    def _answer(self, node):
        hello = {"topologyVersion": {"processId": f"{node.id}-{node.starts}"}}
        if node.group == "routers":
            rows = [{"_id": name, "host": f"{name}/" + ",".join(
                self.host(one) for one in self.of(name))} for name in self.groups[1:]]
            return {"hello": hello | {"msg": "isdbgrid"}, "version": node.version,
                    "balancer": self.balancer, "shards": rows,
                    "write_concern": self.write_concern}
        hello |= {"setName": node.group} | ({"configsvr": 2} if node.group == "config" else {})
        peers = self.of(node.group)
        return {"hello": hello, "version": node.version, "fcv": {"version": node.fcv},
                "oplog": node.oplog, "config": {
                    "_id": node.group, "settings": self.set_settings,
                    "writeConcernMajorityJournalDefault": self.journal_default,
                    "members": [{"_id": one.number, "host": self.host(one)} | one.row
                                for one in peers]},
                "status": {"set": node.group, "myState": self._state(node),
                           "members": [self._row(one, node) for one in peers]}}

    def host(self, node):
        """What its set calls it."""
        return f"db{node.number}.example.net:27017" if self.named else node.host

    @staticmethod
    def _state(node):
        return 8 if not node.up else 1 if node.leads else node.state

    def _row(self, node, asked):
        words = {1: "PRIMARY", 2: "SECONDARY", 3: "RECOVERING", 7: "ARBITER",
                 8: "(not reachable/healthy)", 9: "ROLLBACK"}
        state = self._state(node)
        return {"name": self.host(node), "health": float(node.up), "state": state,
                "stateStr": words[state], "self": node is asked,
                "optimeDate": NOW - datetime.timedelta(seconds=node.behind_sec)}


class ModelDriver(MongoDriver):
    """The real driver, whose questions go to the model."""

    def __init__(self, cluster):
        super().__init__({})
        self._cluster = cluster

    def read(self, members):
        members = list(members)
        return topology.build(members, self._cluster.answers([one.id for one in members]))

    def switchover(self, facts, member_id, prefer):
        if facts[member_id].role != "primary":
            return
        candidates = gate.candidates(facts, member_id)
        if not candidates:
            raise DatastoreError("no_candidate", "Nobody is caught up.", passing=True)
        self._cluster.elect(candidates[0].id)


def options(**given):
    return read_input({"cluster_id": "c1", "datastore_version": NEW, "bake_sec": 0, **given})


def plan_of(cluster, target=NEW, **given):
    version = next(one for one in VERSIONS if one["number"] == target)
    now = ClusterSnapshot(
        cluster={"id": "c1", "name": "orders", "datastore": "mongodb", "datastore_version": OLD,
                 "task": "NONE"},
        members=cluster.members, versions=VERSIONS, target=version,
        facts=cluster.driver.read(cluster.members))
    return make_plan(now, cluster.driver, options(**given), "owner-1")


def refused(plan):
    """Names of the checks that say no."""
    return {one["name"] for one in plan["checks"] if not one["ok"]}
