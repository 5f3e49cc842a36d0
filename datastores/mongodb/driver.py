"""MongoDB sharded clusters: config servers, shards one at a time, routers; secondaries first."""
import time
from collections.abc import Collection, Iterable
from typing import Any

from ..base import PRIMARY, ClusterFacts, DatastoreError, Facts, Member
from ..paths import series, series_text
from ..polling import wait_until
from ..servers import understood
from . import topology
from .client import Servers
from .gate import MongoGate, candidates
from .paths import CONFIRMED_FROM

CATCH_UP_SEC = 10       # secondaryCatchUpPeriodSecs: the server's default
AWAY_FROM_LEAD_SEC = 120    # for so long the old primary stands for no election
FAILOVER_SEC = 20.0     # twice the server's default electionTimeoutMillis
BALANCER_SEC = 8.0      # how long a step waits for a balancer's round; it is tried again
COMPATIBILITY_SEC = 60.0
POLL_SEC = 0.1


class MongoDriver(MongoGate):
    """Speaks to each member's own port; see docs/datastores/mongodb.md."""

    name = "mongodb"
    datastores = ("mongodb",)
    # Raising the feature compatibility version can't be undone, and costs nothing to leave.
    finalize_mode = "manual"
    poll_sec = 0.5

    def __init__(self, access):
        super().__init__(access)
        self._servers = Servers(access)

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        return understood(members, self._servers.ask_all(members), topology.build, self)

    def background(self, members: Collection[Member]) -> dict[str, Any]:
        mode = self._routers(members)[0].native["balancer"]["mode"]
        return {"balancer": mode} if mode != "off" else {}

    def suspend(self, members: Collection[Member], background: dict[str, Any]) -> None:
        with self._connect_router(members) as client:
            client.admin.command("balancerStop")

            def rests() -> bool:
                now = client.admin.command("balancerStatus")
                return now["mode"] == "off" and not now["inBalancerRound"]

            if not wait_until(rests, time.monotonic() + BALANCER_SEC, POLL_SEC):
                raise DatastoreError("balancing", "The balancer is still in a round.", passing=True)

    def resume(self, members: Collection[Member], background: dict[str, Any]) -> None:
        with self._connect_router(members) as client:
            client.admin.command("balancerStart")

    def switchover(self, facts: ClusterFacts, member_id: str, prefer: str) -> None:
        """The set elects whom it wants of those that have all writes; ``prefer`` is not used."""
        own = facts[member_id]
        if own.role != PRIMARY:
            return
        if not candidates(facts, member_id):
            raise DatastoreError("no_candidate", f"{own.name} leads {own.domain}, which has no "
                                 "caught-up secondary; nothing can take over from it.",
                                 passing=True, instance=member_id)
        with self._servers.connect(own.member, CATCH_UP_SEC + 5) as client:
            client.admin.command("replSetStepDown", AWAY_FROM_LEAD_SEC,
                                 secondaryCatchUpPeriodSecs=CATCH_UP_SEC, force=False)
        self._await_primary(facts, member_id)

    def finalize(self, member: Member, settings: dict[str, str]) -> None:
        """Set the whole cluster's feature compatibility version to its release, on a router. That
        all members run it, :meth:`finalize_blockers` has made sure of: an older one would abort."""
        with self._servers.connect(member, COMPATIBILITY_SEC) as client:
            target = series_text(client.server_info()["version"])
            command: dict[str, Any] = {"setFeatureCompatibilityVersion": target}
            if series(target) >= series(CONFIRMED_FROM):
                command["confirm"] = True
            client.admin.command(command)

    def _connect_router(self, members: Collection[Member]):
        router = self._routers(members)[0]
        return self._servers.connect(router.member, BALANCER_SEC)

    def _routers(self, members: Collection[Member]) -> list[Facts]:
        """The routers that answer and reach the cluster, at least one.

        :raises DatastoreError: code ``no_router``.
        """
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
        members = [one.member for one in facts.values() if one.domain == own.domain]

        def moved() -> bool:
            now = self.read(members)
            return now[old].role != PRIMARY and not self.blockers(now, ())

        if not wait_until(moved, time.monotonic() + FAILOVER_SEC, POLL_SEC):
            raise DatastoreError("no_switchover", f"{own.domain} has no new primary that all agree "
                                 f"on within {FAILOVER_SEC:.0f} s.", passing=True, instance=old)
