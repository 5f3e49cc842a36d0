"""MongoDB sharded clusters: config servers, shards one at a time, routers; secondaries first."""
import time
from collections.abc import Collection, Iterable
from typing import Any

from ..base import (
    PRIMARY,
    Check,
    ClusterFacts,
    DatastoreError,
    Driver,
    Facts,
    Member,
    Texts,
)
from . import gate, releases, topology
from .client import Servers

CATCH_UP_SEC = 10       # secondaryCatchUpPeriodSecs: the server's default
AWAY_FROM_LEAD_SEC = 120    # for so long the old primary stands for no election
FAILOVER_SEC = 20.0     # twice the server's default electionTimeoutMillis
BALANCER_SEC = 8.0      # how long a step waits for a balancer's round; it is tried again
COMPATIBILITY_SEC = 60.0
POLL_SEC = 0.1


class MongoDriver(Driver):
    """Speaks to each member's own port; see docs/datastores/mongodb.md."""

    name = "mongodb"
    datastores = ("mongodb",)
    # Raising the feature compatibility version can't be undone, and costs nothing to leave.
    finalize_mode = "manual"
    poll_sec = 0.5

    def __init__(self, access):
        super().__init__(access)
        self._servers = Servers(access)
        self._members: dict[str, Member] = {}

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        self._members |= {member.id: member for member in members}
        return topology.build(members, self._servers.ask_all(members))

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        return gate.checks(facts)

    def checks_towards(self, facts: ClusterFacts, target: str) -> list[Check]:
        return gate.checks_towards(facts, target)

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        return gate.blockers(facts, unavailable)

    def waves(self, facts: ClusterFacts, todo: Collection[str], together: bool) -> list[list[str]]:
        return self._waves(facts, gate.order(facts, todo), together)

    def waves_back(self, facts: ClusterFacts, todo: Collection[str],
                   together: bool) -> list[list[str]]:
        return self._waves(facts, gate.order(facts, todo, back=True), together)

    def path(self, origin: str, target: str) -> str:
        return releases.step(origin, target)

    def background(self, members: Collection[Member]) -> dict[str, Any]:
        mode = self._routers(members)[0].native["balancer"]["mode"]
        return {"balancer": mode} if mode != "off" else {}

    def suspend(self, members: Collection[Member], background: dict[str, Any]) -> None:
        with self._connect_router(members) as client:
            client.admin.command("balancerStop")
            deadline = time.monotonic() + BALANCER_SEC
            while time.monotonic() < deadline:
                now = client.admin.command("balancerStatus")
                if now["mode"] == "off" and not now["inBalancerRound"]:
                    return
                time.sleep(POLL_SEC)
        raise DatastoreError("balancing", "The balancer is still in a round.", passing=True)

    def resume(self, members: Collection[Member], background: dict[str, Any]) -> None:
        with self._connect_router(members) as client:
            client.admin.command("balancerStart")

    def switchover(self, facts: ClusterFacts, member_id: str, prefer: str) -> None:
        """The set elects whom it wants of those that have all writes: nothing is preferred."""
        own = facts[member_id]
        if own.role != PRIMARY:
            return
        if not gate.candidates(facts, member_id):
            raise DatastoreError("no_candidate", f"{own.name} leads {own.domain}, which has no "
                                 "caught-up secondary; nothing can take over from it.",
                                 passing=True, instance=member_id)
        with self._servers.connect(self._members[member_id], CATCH_UP_SEC + 5) as client:
            client.admin.command("replSetStepDown", AWAY_FROM_LEAD_SEC,
                                 secondaryCatchUpPeriodSecs=CATCH_UP_SEC, force=False)
        self._await_primary(facts, member_id)

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        return gate.closed_rollback_path(facts, member_id, origin)

    def finalize(self, member: Member, settings: dict[str, str]) -> None:
        """On a router, for the whole cluster: the feature compatibility version of its release."""
        with self._servers.connect(member, COMPATIBILITY_SEC) as client:
            target = releases.series(client.server_info()["version"])
            servers = client.admin.command("getShardMap")["map"].values()
            self._check_all_run(target, member, servers)
            command: dict[str, Any] = {"setFeatureCompatibilityVersion": target}
            if releases.numbers(target) >= releases.CONFIRMED_FROM:
                command["confirm"] = True
            client.admin.command(command)

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        return gate.texts(facts)

    @staticmethod
    def _waves(facts: ClusterFacts, ordered: list[str], together: bool) -> list[list[str]]:
        return gate.together(facts, ordered) if together else [[one] for one in ordered]

    def _connect_router(self, members: Collection[Member]):
        router = self._routers(members)[0]
        return self._servers.connect(self._members[router.id], BALANCER_SEC)

    def _routers(self, members: Collection[Member]) -> list[Facts]:
        """Those that answer and reach the cluster: at least one."""
        facts = self.read(members)
        found = [one for one in facts.values()
                 if one.native["kind"] == topology.ROUTER and one.healthy]
        if not found:
            raise DatastoreError("no_router", "No router answers, so the balancer can't be asked.",
                                 passing=True)
        return found

    def _await_primary(self, facts: ClusterFacts, old: str) -> None:
        """Return when another member leads and the whole set agrees."""
        own = facts[old]
        members = [self._members[one.id] for one in facts.values() if one.domain == own.domain]
        deadline = time.monotonic() + FAILOVER_SEC
        while time.monotonic() < deadline:
            now = self.read(members)
            if now[old].role != PRIMARY and not gate.blockers(now, ()):
                return
            time.sleep(POLL_SEC)
        raise DatastoreError("no_switchover", f"{own.domain} has no new primary that all agree on "
                             f"within {FAILOVER_SEC:.0f} s.", passing=True, instance=old)

    def _check_all_run(self, target: str, router: Member, servers: Collection[str]) -> None:
        """Every member of every set runs the release; an older one would abort."""
        addresses = {host.rpartition(":")[0] for one in servers
                     for host in one.partition("/")[2].split(",")}
        for address in sorted(addresses):
            member = Member(router.id, address, address)
            with self._servers.connect(member) as client:
                version = client.server_info()["version"]
            if releases.series(version) != target:
                raise DatastoreError("mixed_releases", f"{address} runs {version}: the feature "
                                     f"compatibility version {target} must wait until it runs "
                                     f"{target} too.", instance=router.id)
