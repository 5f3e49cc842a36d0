"""A model of a Redis Cluster, for tests that need thousands of clusters in milliseconds.

It stands for the servers behind ``datastores.redis.client.Servers``: it answers what CLUSTER NODES,
CLUSTER INFO, INFO and CONFIG GET answer, and knows stop, start and CLUSTER FAILOVER. The real
servers are asked in tests/end_to_end.
"""
from dataclasses import dataclass, field

from trove_upgrade.datastores.base import DatastoreError, Member
from trove_upgrade.datastores.redis import RedisDriver, leading, nodes, topology

SLOTS = nodes.SLOTS
SETTINGS = {"save": "900 1", "appendonly": "no", "aof-use-rdb-preamble": "yes",
            "repl-diskless-sync": "yes"}     # of every server that starts


@dataclass
class Node:
    number: int
    shard: int
    leads: bool
    version: str = "8.1.8"
    up: bool = True
    synced: bool = True
    starts: int = 1
    saves: int = 0
    syncs: int = 0
    offset: int = 1000
    keys: int = 1000
    modules: list = field(default_factory=list)
    info: dict = field(default_factory=dict)        # wins over what the model would answer
    settings: dict = field(default_factory=SETTINGS.copy)
    config: dict = field(default_factory=lambda: {
        "min-replicas-to-write": "0", "min-replicas-max-lag": "10", "replica-priority": "100",
        "cluster-replica-no-failover": "no"})

    @property
    def id(self):
        return f"m{self.number:04}"

    @property
    def node(self):
        return f"node{self.number:04}"

    @property
    def host(self):
        return f"10.0.{self.number // 250}.{self.number % 250 + 1}"


class Cluster:
    """Shards with a primary each and some replicas; ``trove`` holds Trove's recorded versions,
    ``saved`` the settings that the lock keeps while the rollback path is open."""

    def __init__(self, shards=3, replicas=1, version="8.1.8"):
        self.nodes = {}
        for number in range(shards * (1 + replicas)):
            node = Node(number, number % shards, number < shards, version)
            self.nodes[node.id] = node
        self.shards = shards
        self.more_lines = []        # of CLUSTER NODES, in everybody's view
        self.trove, self.saved = dict.fromkeys(self.nodes, version), {}
        self.driver = ModelDriver(self)

    @property
    def members(self):
        return [Member(node.id, f"member-{node.number}", node.host, "ACTIVE", self.trove[node.id])
                for node in self.nodes.values()]

    def leader(self, shard):
        return next((node for node in self.nodes.values() if node.shard == shard and node.leads),
                    None)

    def set_well(self, one, well):
        self.nodes[one].synced = well

    def answers(self, asked=None):
        """Of the members asked, of all when not given."""
        self._lines = {one: self._line(node) for one, node in self.nodes.items()}
        return {one: self._answer(self.nodes[one]) if self.nodes[one].up
                else {"error": f"member-{self.nodes[one].number}: no answer", "code": "no_answer"}
                for one in asked or self.nodes}

    def fail_over(self, candidate_id):
        candidate = self.nodes[candidate_id]
        assert candidate.up and candidate.synced and not candidate.leads
        self.leader(candidate.shard).leads = False
        candidate.leads = True

    def _answer(self, asked):
        leader = self.leader(asked.shard)
        lines = self._lines | {asked.id: self._line(asked, "myself")}
        info = {"run_id": f"{asked.id}-{asked.starts}", "loading": 0,
                "redis_version": "7.2.4", "valkey_version": asked.version,
                "role": "master" if asked.leads else "slave", "rdb_saves": asked.saves,
                "aof_enabled": asked.settings["appendonly"] == "yes", "aof_rewrites": 0,
                "db0": {"keys": asked.keys, "expires": 0, "avg_ttl": 0},
                "sync_full": asked.syncs, "master_repl_offset": asked.offset, **asked.info}
        if not asked.leads:
            linked = asked.synced and leader.up
            info |= {"master_link_status": "up" if linked else "down",
                     "master_sync_in_progress": 0, "slave_repl_offset": asked.offset}
        served = sum(self._slots(node)[1] - self._slots(node)[0] + 1
                     for node in self.nodes.values() if node.leads and node.up)
        return {"info": info, "myself": asked.node, "modules": list(asked.modules),
                "settings": dict(asked.settings), "config": dict(asked.config),
                "cluster": {"cluster_state": "ok" if served == SLOTS else "fail",
                            "cluster_slots_ok": str(served)},
                "nodes": "\n".join([*lines.values(), *self.more_lines])}

    def _slots(self, node):
        size = SLOTS // self.shards
        last = SLOTS - 1 if node.shard == self.shards - 1 else (node.shard + 1) * size - 1
        return node.shard * size, last

    def _line(self, node, *flags):
        flags = [*flags, "master" if node.leads else "slave"]
        flags += [] if node.up else ["fail"]
        leader = "-" if node.leads else self.leader(node.shard).node
        slots = f" {'-'.join(map(str, self._slots(node)))}" if node.leads else ""
        return (f"{node.node} {self.announced(node)} {','.join(flags)} {leader} 0 1700000000000 "
                f"{node.number + 1} connected{slots}")

    @staticmethod
    def announced(node):
        """The second field of CLUSTER NODES; another than Trove's address behind NAT."""
        return f"{node.host}:6379@16379"


class ModelDriver(RedisDriver):
    """The real driver, whose questions go to the model."""

    def __init__(self, cluster):
        super().__init__({})
        self._cluster = cluster

    def read(self, members):
        members = list(members)
        return topology.build(members, self._cluster.answers([one.id for one in members]))

    def keep_rollback_path(self, member, origin, target):
        node = self._cluster.nodes[member.id]
        assert node.up
        self._cluster.saved.setdefault(node.id, dict(node.settings))
        node.settings["save"] = ""

    def finalize(self, member, settings):
        self._cluster.nodes[member.id].settings |= settings

    def switchover(self, facts, member_id, prefer):
        if facts[member_id].role == "primary" and facts[member_id].native.get("slots"):
            candidate = leading.candidate(facts, member_id, prefer)
            if candidate is None:
                raise DatastoreError("no_candidate", "Nobody is caught up.", passing=True)
            self._cluster.fail_over(candidate.id)
