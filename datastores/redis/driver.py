"""Redis and Valkey Cluster: replicas first, then each primary after its role has moved away."""
import time
from collections.abc import Collection, Iterable

from ..base import PRIMARY, REPLICA, ClusterFacts, DatastoreError, Facts, Member, ordered
from ..polling import wait_until
from ..servers import understood
from . import leading, topology
from .client import Servers
from .gate import RedisGate, agreed, only_copies
from .paths import moves_append_only_file, same_format

FAILOVER_SEC = 20.0
REWRITE_SEC = 8.0
SAVE_SEC = 60.0         # a larger dump is waited for by the next try
FRESH_SEC = 120.0       # a dump that ended so shortly ago is that of an earlier try
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
        follower = leading.candidate(facts, member_id, prefer)
        if follower is None:
            why = "".join(f"; {reason}" for one in leading.followers(facts, member)
                          for reason in leading.why_not(facts, one))
            raise DatastoreError("no_candidate", f"{member.name} is a primary without a caught-up "
                                 f"replica that may lead; nothing can take over from it{why}.",
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
                if not moves_append_only_file(origin, target):
                    self._keep_aof_plain(client, member)
            elif not _is_only_copy(client.info("replication")):
                client.config_set("save", "")

    def finalize(self, member: Member, settings: dict[str, str]) -> None:
        with self._servers.connect(member) as client:
            if client.info("persistence")["aof_enabled"]:
                client.config_set("aof-use-rdb-preamble", settings["aof-use-rdb-preamble"])
                return
            if client.config_get("save").get("save") == settings["save"]:
                return
            # Before it gets its save points back: with those it refuses writes after a failed dump.
            self._save(client, member)
            client.config_set("save", settings["save"])

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
    def _save(client, member: Member) -> None:
        """Let the member save a dump, and return when that has worked.

        :raises DatastoreError: ``saving``, it still does; ``not_saved``, it failed.
        """
        def begun() -> bool:
            return client.info("persistence")["rdb_bgsave_in_progress"]

        if not begun() and not _saved_just_now(client):
            client.bgsave()
        if not wait_until(lambda: not begun(), time.monotonic() + SAVE_SEC, POLL_SEC):
            raise DatastoreError("saving", f"{member.name} is still saving its dump.",
                                 passing=True, instance=member.id)
        if client.info("persistence")["rdb_last_bgsave_status"] != "ok":
            raise DatastoreError("not_saved", f"{member.name} could not save its dump: see its log "
                                 "and its disk, then finalise again. It keeps running without save "
                                 "points, and takes writes.", instance=member.id)

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


def _saved_just_now(client) -> bool:
    """Whether the last dump worked and ended shortly ago; at its start a server calls that its last
    one, too."""
    info = client.info()
    age = client.time()[0] - info["rdb_last_save_time"]
    return info["rdb_last_bgsave_status"] == "ok" and age < min(FRESH_SEC,
                                                                info["uptime_in_seconds"] - 2)
