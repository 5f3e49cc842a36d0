"""Redis and Valkey Cluster: replicas first, then each primary after its role has moved away."""
import time
from collections.abc import Collection, Iterable

from ..base import (
    PRIMARY,
    REPLICA,
    Check,
    ClusterFacts,
    DatastoreError,
    Driver,
    Facts,
    Member,
    Texts,
    ordered,
)
from . import gate, topology
from .client import Servers

FAILOVER_SEC = 20.0
REWRITE_SEC = 8.0
POLL_SEC = 0.05


class RedisDriver(Driver):
    """Speaks to each member's own port; see docs/datastores/redis.md."""

    name = "redis"
    datastores = ("redis", "valkey")
    # Until finalised upgraded members save no dump, so waiting for a person is the riskier default.
    finalize_mode = "auto"

    def __init__(self, access):
        super().__init__(access)
        self._servers = Servers(access)
        self._members: dict[str, Member] = {}

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        self._members |= {member.id: member for member in members}
        return topology.build(members, self._servers.ask_all(members))

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        return gate.checks(facts, saved)

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        return gate.blockers(facts, unavailable)

    def waves(self, facts: ClusterFacts, todo: Collection[str], together: bool) -> list[list[str]]:
        if not together:
            return super().waves(facts, todo, together)
        return gate.one_per_shard(facts, ordered(facts, todo))

    def path(self, origin: str, target: str) -> str:
        return gate.path(origin, target)

    def switchover(self, facts: ClusterFacts, member_id: str, prefer: str) -> None:
        member = facts[member_id]
        if not (member.answers and member.role == PRIMARY and member.native["slots"]):
            return     # an unreachable primary hands nothing over: its cluster fails over by itself
        if member_id in gate.only_copies(facts):     # the check replicas_ready was skipped by name
            return
        candidate = gate.candidate(facts, member_id, prefer)
        if candidate is None:
            raise DatastoreError("no_candidate", f"{member.name} is a primary without a "
                                 "caught-up replica; nothing can take over from it.",
                                 passing=True, instance=member_id)
        self._promote(facts, candidate)

    def restore_roles(self, facts: ClusterFacts, primaries: Collection[str]) -> list[str]:
        moved = [facts[one] for one in ordered(facts, primaries) if facts[one].role == REPLICA]
        for candidate in moved:
            self._promote(facts, candidate)
        return [candidate.id for candidate in moved]

    def keep_rollback_path(self, member: Member, origin: str, target: str) -> None:
        if gate.same_format(origin, target):
            return
        with self._servers.connect(member) as client:
            if client.info("persistence")["aof_enabled"]:
                self._keep_aof_plain(client, member)
            elif not _is_only_copy(client.info("replication")):
                client.config_set("save", "")

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        return gate.closed_rollback_path(facts, member_id, origin)

    def finalize(self, member: Member, settings: dict[str, str]) -> None:
        with self._servers.connect(member) as client:
            if client.info("persistence")["aof_enabled"]:
                client.config_set("aof-use-rdb-preamble", settings["aof-use-rdb-preamble"])
                return
            client.config_set("save", settings["save"])
            if settings["save"] and not client.info("persistence")["rdb_bgsave_in_progress"]:
                client.bgsave()

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        return gate.texts(facts, keep_rollback_path)

    def _promote(self, facts: ClusterFacts, candidate: Facts) -> None:
        """CLUSTER FAILOVER, never forced: the primary stops writes until the candidate has them
        all."""
        with self._servers.connect(self._members[candidate.id]) as client:
            client.execute_command("CLUSTER FAILOVER")
        members = [self._members[one] for one in facts]
        deadline = time.monotonic() + FAILOVER_SEC
        while time.monotonic() < deadline:
            now = self.read(members)
            if now[candidate.id].role == PRIMARY and gate.agreed(now):
                return
            time.sleep(POLL_SEC)
        raise DatastoreError("no_switchover", f"{candidate.name} did not take over its shard within "
                             f"{FAILOVER_SEC:.0f} s.", passing=True, instance=candidate.id)

    @staticmethod
    def _keep_aof_plain(client, member: Member) -> None:
        """Rewrite the AOF as plain commands, which every version reads, instead of an RDB base."""
        client.config_set("aof-use-rdb-preamble", "no")
        state = client.info("persistence")
        if not state["aof_rewrites"] and not state["aof_rewrite_in_progress"]:
            client.bgrewriteaof()
        deadline = time.monotonic() + REWRITE_SEC
        while time.monotonic() < deadline:
            state = client.info("persistence")
            if state["aof_rewrites"] and not state["aof_rewrite_in_progress"]:
                return
            time.sleep(POLL_SEC)
        raise DatastoreError("rewriting", f"{member.name} is still rewriting its append-only file.",
                             passing=True, instance=member.id)


def _is_only_copy(replication: dict) -> bool:
    """Without a dump at its stop it would lose what was written since; no replica has it."""
    return replication["role"] == "master" and not replication["connected_slaves"]
