"""A model of a Galera group, for tests that need thousands of clusters in milliseconds.

It stands for the servers behind ``datastores.galera.client.Servers``: it answers what SHOW GLOBAL
STATUS and VARIABLES answer. The real servers are asked in tests/datastores/test_galera.py.
"""
from dataclasses import dataclass, field

from trove_upgrade.datastores import plugins
from trove_upgrade.datastores.base import Member
from trove_upgrade.datastores.galera import GaleraDriver, topology
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.planning.snapshot import ClusterSnapshot
from trove_upgrade.schemas import read_input

OLD, NEW, NEXT = "10.11.18", "10.11.19", "11.4.9"
VERSIONS = [{"id": f"id-{number}", "name": number, "number": number}
            for number in ("10.6.21", OLD, NEW, NEXT)]


@dataclass
class Node:
    """``status`` and ``variables`` win over what the model would answer."""

    number: int
    version: str = OLD
    up: bool = True
    starts: int = 1
    last: int = 100             # number of its last write set
    cached_from: int = 1        # and of the oldest one that it could hand on
    leads: bool = False         # nobody leads a Galera group
    status: dict = field(default_factory=dict)
    variables: dict = field(default_factory=dict)
    plugins: dict = field(default_factory=lambda: plugins.answer([], []))

    @property
    def id(self):
        return f"m{self.number}"


class Group:
    """Members of one group; all that are up hold all data. ``trove`` holds Trove's versions."""

    def __init__(self, size=3, version=OLD, access=None):
        self.nodes = {f"m{number}": Node(number, version) for number in range(1, size + 1)}
        self.trove = dict.fromkeys(self.nodes, version)
        self.driver = ModelDriver(self, access or {})

    @property
    def members(self):
        return [Member(node.id, f"member-{node.number}", f"10.0.0.{node.number}", "ACTIVE",
                       self.trove[node.id]) for node in self.nodes.values()]

    def facts(self):
        return self.driver.read(self.members)

    def write(self, count):
        """So many write sets, on all members that are up."""
        for node in self.nodes.values():
            node.last += count if node.up else 0

    def rejoin(self, node):
        """It fetches what it missed from a member that has cached it; its own cache is new."""
        others = [one for one in self.nodes.values() if one.up and one is not node]
        assert any(one.cached_from <= node.last + 1 for one in others), "only a full copy is left"
        node.cached_from = node.last + 1
        node.last = max(one.last for one in others)

    def set_well(self, one, well):
        self.nodes[one].status["wsrep_local_state_comment"] = "Synced" if well else "Donor/Desynced"

    def answers(self):
        return {node.id: self._answer(node) if node.up
                else {"error": f"member-{node.number}: no answer", "code": "no_answer"}
                for node in self.nodes.values()}

    def _answer(self, node):
        up = [one for one in self.nodes.values() if one.up]
        view = sum(one.starts + (not one.up) for one in self.nodes.values())
        status = {
            "wsrep_cluster_status": "Primary", "wsrep_local_state_comment": "Synced",
            "wsrep_ready": "ON", "wsrep_connected": "ON", "wsrep_cluster_size": str(len(up)),
            "wsrep_cluster_state_uuid": "group", "wsrep_cluster_conf_id": str(view),
            "wsrep_local_recv_queue": "0", "wsrep_last_committed": str(node.last),
            "wsrep_local_cached_downto": str(node.cached_from), "wsrep_replicated": "10",
            "wsrep_replicated_bytes": "1000", "wsrep_received_bytes": "1000", "uptime": "1000",
            "threads_connected": "1", "wsrep_flow_control_paused": "0.000000",
            "wsrep_flow_control_paused_ns": "0"}
        variables = {"version": f"{node.version}-MariaDB-log",
                     "wsrep_provider_options": "base_port = 4567; gcache.size = 128M; x = y",
                     "innodb_flush_log_at_trx_commit": "1"}
        return {"status": status | node.status, "variables": variables | node.variables,
                "plugins": node.plugins, "now": 10_000 + node.starts}


class ModelDriver(GaleraDriver):
    """The real driver, whose questions go to the model; ``clock`` is what it takes for the time."""

    def __init__(self, model, access):
        super().__init__(access)
        self._model, self.clock = model, 0.0

    def read(self, members):
        answers = self._model.answers()
        facts = topology.build(members, answers, self.clock, self._seen)
        self._seen = facts
        return facts


def version(number):
    return next(one for one in VERSIONS if one["number"] == number)


def plan_of(model, target=NEW, **given):
    options = read_input({"cluster_id": "c1", "datastore_version": target, **given})
    now = ClusterSnapshot(
        cluster={"id": "c1", "name": "orders", "datastore": "mariadb", "datastore_version": OLD,
                 "task": "NONE"},
        members=model.members, versions=VERSIONS, target=version(target), facts=model.facts())
    return make_plan(now, model.driver, options, "owner-1")
