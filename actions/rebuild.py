"""A member whose data can't go back is rebuilt, as a replica of one that is not upgraded."""
from typing import Any

from ..datastores.base import REPLICA, Driver, Member
from ..datastores.polling import polls
from ..ownership.lock import Lock
from ..planning import waves
from ..planning.evidence import check_sight
from ..planning.groups import replacement
from ..planning.versions import bears, called, runs
from ..schemas import UpgradeError
from ..services.members import driver_for, facts_of
from ..services.trove import Trove
from .member import MemberAction

ASK_SEC = 1.0       # between two looks at Trove


class RebuildAction(MemberAction):
    """A step of one member and the one that takes its place, which bears its name."""

    def _built(self, group: dict[str, Any]) -> Member | None:
        return replacement(group["members"], self.member["name"],
                    [*self.job["members"], self.member["id"]])


class RebuildMember(RebuildAction):
    """Ask Trove for a replica of the source in the member's place. Asked already? Then say so.

    :returns: ``{"built": id of the new instance}``.
    """

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        waves.check_lock(lock.read(), self.job["owner"], heed_abort=False)
        group = trove.group(self.job)
        built = self._built(group)
        if built:
            return {"built": built.id}
        source = next(one for one in group["members"] if one.id == group["source"])
        self._check_source(driver_for(self.job, self.actor), trove, source)
        trove.verify_credentials()
        return {"built": trove.replicate(self.member["name"], source.id)}

    def _check_source(self, driver: Driver, trove: Trove, source: Member) -> None:
        """It must not be upgraded: what is built runs the source's version."""
        origin = self.member["origin"]
        facts = facts_of(driver, trove, [source])
        check_sight(facts)
        own = facts[source.id]
        if source.id == self.member["id"] or not bears(source, origin) \
                or not runs(own.version, origin):
            raise UpgradeError("rollback_path_closed", f"{self.member['name']} can't be rebuilt on "
                               f"{called(origin)}: the source, {source.name}, runs "
                               f"{own.version or 'nothing'}. The set can't go back: restore the "
                               "backup into a new instance.", "stop", self.member["id"])


class AwaitRebuilt(RebuildAction):
    """Wait until the new one replicates the source, as it and all the others report.

    :returns: ``{built, version, role}``.
    """

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        driver = driver_for(self.job, self.actor)
        built = None
        for _ in polls(self.job["try_sec"], max(ASK_SEC, driver.poll_sec)):
            if built and built.status != "ACTIVE" and trove.unchanged(built):
                continue
            group = trove.group(self.job)
            built = self._built(group)
            if built is None or built.failed:
                raise UpgradeError("not_rebuilt", f"The instance in the place of "
                                   f"{self.member['name']} is {built.status if built else 'gone'}; "
                                   "delete it if it is there, and start a new run.", "stop",
                                   self.member["id"])
            found, missing = self._poll(driver, trove, group["members"], built)
            if not missing:
                return found
        raise UpgradeError("not_yet", f"Not there yet: {missing}.", "retry", self.member["id"])

    def _poll(self, driver: Driver, trove: Trove, members: list[Member],
              built: Member) -> tuple[dict[str, Any], str]:
        if built.status != "ACTIVE":
            return {}, f"Trove calls the new {built.name} {built.status}"
        facts = facts_of(driver, trove, members)
        own = facts[built.id]
        found = {"built": built.id, "version": own.version, "role": own.role}
        if own.problems or not own.answers:
            return found, own.problems[0] if own.problems else f"{own.name} does not answer"
        if own.role != REPLICA or not runs(own.version, self.member["origin"]):
            return found, f"{own.name} is {own.role} and runs {own.version}"
        return found, "; ".join(driver.blockers(facts, self.unavailable))


class DropMember(RebuildAction):
    """Delete the instance whose place was taken, and wait until it is gone."""

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        waves.check_lock(lock.read(), self.job["owner"], heed_abort=False)
        asked = False
        for _ in polls(self.job["try_sec"], ASK_SEC):
            status = self._status(trove)
            if not status:
                return {"dropped": self.member["id"]}
            if not asked and status != "SHUTDOWN":
                trove.verify_credentials()
                trove.delete(self.member["id"])
                asked = True
        raise UpgradeError("not_yet", f"{self.member['name']} is not deleted yet.", "retry",
                           self.member["id"])

    def _status(self, trove: Trove) -> str:
        """What Trove calls it; empty when it is gone."""
        try:
            return trove.member(self.member["id"]).status
        except UpgradeError as error:
            if error.code != "member_gone":
                raise
            return ""
