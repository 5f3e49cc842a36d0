"""Redis and Valkey Cluster: replicas first, then each primary after its role has moved away."""
import time
from collections.abc import Collection, Iterable

from ..base import PRIMARY, REPLICA, ClusterFacts, DatastoreError, Facts, Member, ordered
from ..polling import wait_until
from ..servers import understood
from . import topology
from .client import Servers
from .gate import RedisGate, agreed, candidate, only_copies
from .paths import same_format

FAILOVER_SEC = 20.0
REWRITE_SEC = 8.0
POLL_SEC = 0.05


class RedisDriver(RedisGate):
    """Speaks to each member's own port; see docs/datastores/redis.md."""

    name = "redis"
    datastores = ("redis", "valkey")
    # Until finalised upgraded members save no dump, so waiting for a person is the riskier default.
    finalize_mode = "auto"

    def __init__(self, access):
        super().__init__(access)
        self._servers = Servers(access)

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        return understood(members, self._servers.ask_all(members), topology.build, self)

    def switchover(self, facts: ClusterFacts, member_id: str, prefer: str) -> None:
        member = facts[member_id]
        if not (member.answers and member.role == PRIMARY and member.native["slots"]):
            return     # an unreachable primary hands nothing over: its cluster fails over by itself
        if member_id in only_copies(facts):     # the check replicas_ready was skipped by name
            return
        follower = candidate(facts, member_id, prefer)
        if follower is None:
            raise DatastoreError("no_candidate", f"{member.name} is a primary without a "
                                 "caught-up replica; nothing can take over from it.",
                                 passing=True, instance=member_id)
        self._promote(facts, follower)

    def restore_roles(self, facts: ClusterFacts, primaries: Collection[str]) -> list[str]:
        moved = [facts[one] for one in ordered(facts, primaries) if facts[one].role == REPLICA]
        for one in moved:
            self._promote(facts, one)
        return [one.id for one in moved]

    def keep_rollback_path(self, member: Member, origin: str, target: str) -> None:
        if same_format(origin, target):
            return
        with self._servers.connect(member, REWRITE_SEC) as client:
            if client.info("persistence")["aof_enabled"]:
                self._keep_aof_plain(client, member)
            elif not _is_only_copy(client.info("replication")):
                client.config_set("save", "")

    def finalize(self, member: Member, settings: dict[str, str]) -> None:
        with self._servers.connect(member) as client:
            if client.info("persistence")["aof_enabled"]:
                client.config_set("aof-use-rdb-preamble", settings["aof-use-rdb-preamble"])
                return
            client.config_set("save", settings["save"])
            if settings["save"] and not client.info("persistence")["rdb_bgsave_in_progress"]:
                client.bgsave()

    def _promote(self, facts: ClusterFacts, follower: Facts) -> None:
        """CLUSTER FAILOVER, never forced: the primary stops writes until the follower has all."""
        with self._servers.connect(follower.member) as client:
            client.execute_command("CLUSTER FAILOVER")
        members = [one.member for one in facts.values()]

        def leads() -> bool:
            now = self.read(members)
            return now[follower.id].role == PRIMARY and agreed(now)

        if not wait_until(leads, time.monotonic() + FAILOVER_SEC, POLL_SEC):
            raise DatastoreError("no_switchover", f"{follower.name} did not take over its shard "
                                 f"within {FAILOVER_SEC:.0f} s.", passing=True,
                                 instance=follower.id)

    @staticmethod
    def _keep_aof_plain(client, member: Member) -> None:
        """Rewrite the AOF as plain commands, which every version reads, instead of an RDB base."""
        client.config_set("aof-use-rdb-preamble", "no")
        state = client.info("persistence")
        if not state["aof_rewrites"] and not state["aof_rewrite_in_progress"]:
            client.bgrewriteaof()

        def rewritten() -> bool:
            state = client.info("persistence")
            return state["aof_rewrites"] and not state["aof_rewrite_in_progress"]

        if not wait_until(rewritten, time.monotonic() + REWRITE_SEC, POLL_SEC):
            raise DatastoreError("rewriting", f"{member.name} is still rewriting its append-only "
                                 "file.", passing=True, instance=member.id)


def _is_only_copy(replication: dict) -> bool:
    """Whether no replica follows the member: without a dump at its stop it would lose what was
    written since the last one."""
    return replication["role"] == "master" and not replication["connected_slaves"]
