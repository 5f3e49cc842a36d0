"""A model of a Cassandra cluster, for tests that need thousands of clusters in milliseconds.

It stands for the servers behind ``datastores.cassandra.client.Servers``: rows of system.local,
system.peers_v2, system_schema.keyspaces and of the virtual tables. The wire is in tests/datastores.
"""
from dataclasses import dataclass, field

from trove_upgrade.datastores.base import Member
from trove_upgrade.datastores.cassandra import CassandraDriver, paths, topology
from trove_upgrade.datastores.paths import series_text

NETWORK = "org.apache.cassandra.locator.NetworkTopologyStrategy"
SIMPLE = "org.apache.cassandra.locator.SimpleStrategy"


@dataclass
class Node:
    number: int
    dc: str
    rack: str
    version: str = "4.1.9"
    up: bool = True
    starts: int = 1
    leads: bool = False         # nobody leads a ring
    seed: bool = False
    schema: str = ""
    bootstrapped: str = "COMPLETED"
    mode: str = "CASSANDRA_4"
    deaf_to: set = field(default_factory=set)       # numbers of members it holds for down
    streams: list = field(default_factory=list)
    tasks: list = field(default_factory=list)
    used_mib: int = 100

    @property
    def id(self):
        return f"m{self.number:04}"

    @property
    def host(self):
        return f"10.0.0.{self.number + 1}"


class Cluster:
    """``shape`` is data centre -> rack -> number of members; ``trove`` holds recorded versions."""

    def __init__(self, shape=None, keyspaces=None, version="4.1.9"):
        shape = shape or {"dc1": {"r1": 1, "r2": 1, "r3": 1}}
        places = [(dc, rack) for dc, racks in shape.items() for rack, count in racks.items()
                  for _ in range(count)]
        self.nodes = {}
        for number, (dc, rack) in enumerate(places):
            node = Node(number, dc, rack, version, seed=(dc, rack) not in places[:number])
            self.nodes[node.id] = node
        self.keyspaces = keyspaces or {"shop": {"class": NETWORK, **dict.fromkeys(shape, "3")}}
        self.more_gossip, self.more_settings = {}, {}       # of all members
        self.trove = dict.fromkeys(self.nodes, version)
        self.driver = ModelDriver(self)

    @property
    def members(self):
        return [Member(node.id, f"member-{node.number}", node.host, "ACTIVE", self.trove[node.id])
                for node in self.nodes.values()]

    def read(self):
        return self.driver.read(self.members)

    def set_well(self, one, well):
        self.nodes[one].bootstrapped = "COMPLETED" if well else "IN_PROGRESS"

    def answers(self, asked=None):
        """Of the members asked, of all when not given."""
        return {one: self._answer(self.nodes[one]) if self.nodes[one].up
                else {"error": f"member-{self.nodes[one].number}: no answer", "code": "no_answer"}
                for one in asked or self.nodes}

    def _answer(self, asked):
        others = [node for node in self.nodes.values() if node is not asked]
        local = self._row(asked) | {"bootstrapped": asked.bootstrapped,
                                    "gossip_generation": asked.starts,
                                    "broadcast_address": self.peer(asked)}
        return {"local": local, "peers": [self._row(node) | {"peer": self.peer(node)}
                                          for node in others],
                "keyspaces": self.keyspaces, "views": self._views(asked, others)}

    def _row(self, node):
        return {"host_id": f"id-{node.number}", "data_center": node.dc, "rack": node.rack,
                "release_version": node.version, "native_address": self.announced(node),
                "schema_version": node.schema or series_text(node.version)}

    @staticmethod
    def peer(node):
        """Its address in the ring."""
        return node.host

    @staticmethod
    def announced(node):
        """Its address for clients."""
        return node.host

    def _views(self, asked, others):
        if paths.major(asked.version) < 4:
            return {}
        settings = {"authenticator": "AllowAllAuthenticator",
                    "seed_provider.parameters": "{seeds=" + ", ".join(
                        f"{node.host}:7000" for node in self.nodes.values() if node.seed) + "}",
                    **self.more_settings}
        if paths.major(asked.version) >= 5:
            settings["storage_compatibility_mode"] = asked.mode
        return {
            "settings": [{"name": name, "value": value} for name, value in settings.items()],
            "internode_outbound": [
                {"address": self.peer(node), "active_connections":
                 3 if node.up and node.number not in asked.deaf_to else 0} for node in others],
            "gossip_info": [{"address": address, "status_with_port": status} for address, status in
                            ({self.peer(node): "NORMAL,-42" for node in self.nodes.values()}
                             | self.more_gossip).items()],
            "streaming": [{"operation": "Rebuild", "status": status} for status in asked.streams],
            "sstable_tasks": [{"keyspace_name": "shop", "kind": kind} for kind in asked.tasks],
            "disk_usage": [{"mebibytes": asked.used_mib}]}


class ModelDriver(CassandraDriver):
    """The real driver, whose questions go to the model."""

    def __init__(self, cluster):
        super().__init__({"volume_gib": 1})
        self._cluster = cluster

    def read(self, members):
        members = list(members)
        return topology.build(members, self._cluster.answers([one.id for one in members]))
