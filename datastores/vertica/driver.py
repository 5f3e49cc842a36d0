"""Vertica: no node runs beside one of another version, so all are stopped, changed and started."""
import time
from collections.abc import Iterable
from typing import Any

from ..base import ClusterFacts, DatastoreError, Facts, Member
from ..polling import wait_until
from ..servers import understood
from . import topology
from .client import Servers
from .gate import VerticaGate
from .paths import is_on

DOWN_SEC = 20.0      # after the shutdown was asked for, until no node answers any more
POLL_SEC = 0.3


class VerticaDriver(VerticaGate):
    """Speaks to each node's own port; see docs/datastores/vertica.md."""

    name = "vertica"
    datastores = ("vertica",)
    full_stop = True

    def __init__(self, access: dict[str, Any]):
        super().__init__(access)
        self._servers = Servers(access)

    def read(self, members: Iterable[Member]) -> ClusterFacts:
        members = list(members)
        return understood(members, self._servers.ask_all(members), topology.build, self)

    def decide(self, facts: ClusterFacts) -> None:
        """The checks ask a node, so they are left out."""
        self.blockers(facts, ())
        self.waves(facts, list(facts), together=False)

    def audit(self, facts: ClusterFacts) -> dict[str, Any]:
        asked = next((one for one in facts.values() if one.answers), None)
        if asked is None:
            return {}
        try:
            return self._servers.audit(asked.member)
        except DatastoreError as error:
            return {"error": error.message}

    def switchover(self, facts: ClusterFacts, member_id: str, prefer: str) -> None:
        """Shut the database down cleanly, whole, before the first of its members is taken.

        Asked for every member, of which one may come when the others are up again: only a node
        that is up on another version than the wanted one stands for a database to be shut down.
        """
        member = facts[member_id]
        if not member.answers:
            return
        if not is_on(member.version, prefer):
            if closed := self.closed_rollback_path(facts, member_id, prefer):
                raise DatastoreError("rollback_path_closed", f"{member.name} stays up: {closed}.",
                                     instance=member_id)
            self._ask_to_shut_down(member)
        elif member.native["state"] != topology.SHUTDOWN:
            return
        self._await_down(facts, member)

    def _ask_to_shut_down(self, member: Facts) -> None:
        """The answer may be lost, or another member's step may have been quicker: whether the
        database is down is seen afterwards."""
        try:
            self._servers.shut_down(member.member, member.native["banner"])
        except DatastoreError as error:
            if not error.passing:
                raise

    def _await_down(self, facts: ClusterFacts, member: Facts) -> None:
        members = [one.member for one in facts.values()]
        left: list[Facts] = []

        def down() -> bool:
            left[:] = [one for one in self.read(members).values() if one.answers]
            # Of another version are those that are up on the new one already.
            return not any(is_on(one.version, member.version) for one in left)

        if not wait_until(down, time.monotonic() + DOWN_SEC, POLL_SEC):
            raise DatastoreError("no_shutdown", f"The database was asked to shut down, but "
                                 f"{left[0].name} is still {left[0].native['state']} after "
                                 f"{DOWN_SEC:.0f} s.", passing=True, instance=member.id)
