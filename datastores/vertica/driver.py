"""Vertica: no node runs beside one of another version, so all are stopped, changed and started."""
import time
from collections.abc import Collection, Iterable
from typing import Any

from ..base import Check, ClusterFacts, DatastoreError, Driver, Facts, Member, Texts
from . import gate, topology
from .client import Servers

DOWN_SEC = 20.0      # after the shutdown was asked for, until no node answers any more
POLL_SEC = 0.3


class VerticaDriver(Driver):
    """Speaks to each node's own port; see docs/datastores/vertica.md."""

    name = "vertica"
    datastores = ("vertica",)
    full_stop = True

    def __init__(self, access: dict[str, Any]):
        super().__init__(access)
        self._servers = Servers(access)
        self._members: dict[str, Member] = {}

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        self._members |= {member.id: member for member in members}
        return topology.build(members, self._servers.ask_all(members))

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        return gate.checks(facts, self._audit(facts))

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        return gate.blockers(facts, unavailable)

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        return gate.texts(facts)

    def path(self, origin: str, target: str) -> str:
        return gate.PATHS.verdict(origin, target)

    def switchover(self, facts: ClusterFacts, member_id: str, prefer: str) -> None:
        """Shut the database down cleanly, whole, before the first of its members is taken.

        Asked for every member, of which one may come when the others are up again: only a node
        that is up on another version than the wanted one stands for a database to be shut down.
        """
        member = facts[member_id]
        if not member.answers:
            return
        if not gate.is_on(member.version, prefer):
            if closed := gate.closed_rollback_path(facts, member_id, prefer):
                raise DatastoreError("rollback_path_closed", f"{member.name} stays up: {closed}.",
                                     instance=member_id)
            self._ask_to_shut_down(member)
        elif member.native["state"] != topology.SHUTDOWN:
            return
        self._await_down(facts, member)

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        return gate.closed_rollback_path(facts, member_id, origin)

    def _audit(self, facts: ClusterFacts) -> dict[str, Any]:
        asked = next((one for one in facts.values() if one.answers), None)
        if asked is None:
            return {}
        try:
            return self._servers.audit(self._members[asked.id])
        except DatastoreError as error:
            return {"error": error.message}

    def _ask_to_shut_down(self, member: Facts) -> None:
        """The answer may be lost, or another member's step may have been quicker: whether the
        database is down is seen afterwards."""
        try:
            self._servers.shut_down(self._members[member.id], member.native["banner"])
        except DatastoreError as error:
            if not error.passing:
                raise

    def _await_down(self, facts: ClusterFacts, member: Facts) -> None:
        members = [self._members[one] for one in facts]
        deadline = time.monotonic() + DOWN_SEC
        while up := [one for one in self.read(members).values() if one.answers]:
            if not any(gate.is_on(one.version, member.version) for one in up):
                return      # the others are up on the new version already
            if time.monotonic() > deadline:
                raise DatastoreError("no_shutdown", f"The database was asked to shut down, but "
                                     f"{up[0].name} is still {up[0].native['state']} after "
                                     f"{DOWN_SEC:.0f} s.", passing=True, instance=member.id)
            time.sleep(POLL_SEC)
