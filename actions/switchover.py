"""A leading role moves away from a member: by the driver, or by Trove's own
promote-to-replica-source."""
from typing import Any

from ..datastores.base import ClusterFacts, DatastoreError, Driver
from ..datastores.polling import polls
from ..ownership.lock import Lock
from ..planning import promotion, waves
from ..planning.documents import Job, WaveMember
from ..planning.evidence import blind, check_seen
from ..schemas import UpgradeError
from ..services.members import as_members, driver_for, facts_of
from ..services.trove import Trove
from .member import MemberAction

ASK_SEC = 1.0       # between two looks: each asks Trove for every member


class Switchover(MemberAction):
    """Move a leading role away from the member, never by force.

    A candidate that runs the version which the member is to run is preferred.

    :returns: ``{"role_before": its role until now}``.
    """

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        waves.check_lock(lock.read(), self.job["owner"], heed_abort=False)
        driver = driver_for(self.job, self.actor)
        if driver.promotes_by_trove:
            Promotion(driver, trove, self.job, self.member, self.unavailable,
                      self.wanted["number"]).carry_out()
            return {"role_before": self.member["role"]}
        facts = facts_of(driver, trove, as_members(self.peers))
        if driver.full_stop:
            self._check_stopped(facts)
        else:
            check_seen(facts, self.member)
        driver.switchover(facts, self.member["id"], self.wanted["number"])
        if driver.full_stop and facts[self.member["id"]].answers:
            self.record.choose({**self.wave, "stopped": True})
        return {"role_before": facts[self.member["id"]].role}

    def _check_stopped(self, facts: ClusterFacts) -> None:
        """Silence proves no stop: one that was up must have been seen to go, by this executor or by
        another that wrote it down."""
        if self.member["version"] and not facts[self.member["id"]].answers \
                and not self.record.wave().get("stopped"):
            raise blind(facts)


class Promotion:
    """One member stops being the source of its replication set. Asked twice, it is done once.

    :param member: ``{id, name}`` and more, see actions.member.MemberAction.
    :param unavailable: ids of members that are unavailable, this one among them.
    :param prefer: number of the version that the new source should run.
    """

    def __init__(self, driver: Driver, trove: Trove, job: Job, member: WaveMember,
                 unavailable: list[str], prefer: str):
        self._driver, self._trove, self._job, self._member = driver, trove, job, member
        self._others_unavailable = set(unavailable) - {member["id"]}
        self._prefer = prefer
        self._itself = as_members([member])[0]

    def carry_out(self) -> None:
        """Return when Trove and the servers say that it replicates another.

        The source takes no writes from right before Trove is asked until it has ended. An executor
        that dies between leaves that to the next try, or to the end of the run.

        :raises UpgradeError: code ``promoting`` (retry), ``promotion_failed``,
            ``rollback_path_closed``.
        """
        try:
            self._carry_out()
        finally:
            self._unfence()

    def _carry_out(self) -> None:
        asked, moving = False, None
        for _ in polls(self._job["try_sec"], max(ASK_SEC, self._driver.poll_sec)):
            if moving and self._trove.unchanged(moving):
                continue
            group = self._trove.group(self._job)
            facts = facts_of(self._driver, self._trove, group["members"])
            moving = next((one for one in group["members"]
                           if one.status == promotion.PROMOTING), None)
            check_seen(facts, self._member)
            wait = promotion.busy(group["members"], group["source"], facts, self._itself,
                                  self._others_unavailable)
            if not wait and group["source"] == self._member["id"]:
                wait = self._ask(group, facts, asked)
                asked = asked or not wait
            elif not wait:
                return
        raise UpgradeError("promoting", f"{self._member['name']} is not yet a replica: "
                           f"{wait or 'Trove is promoting another member'}.", "retry",
                           self._member["id"])

    def _ask(self, group: dict[str, Any], facts: ClusterFacts, asked: bool) -> str:
        """Ask Trove to promote the candidate, once; why it can't be asked yet, or empty."""
        if asked:
            raise UpgradeError("promotion_failed", f"Trove has ended its promotion, and "
                               f"{self._member['name']} is still the source.", "rollback",
                               self._member["id"])
        promotion.check_direction(self._driver, facts, self._member["id"], self._prefer,
                                  self._job["target"])
        others = [one.name for one in group["members"]
                  if one.status != "ACTIVE" and one.id not in self._others_unavailable]
        wrong = self._driver.blockers(facts, self._others_unavailable)
        if others or wrong:
            return "; ".join([*(f"Trove is at work on {name}" for name in others), *wrong])
        candidate = self._driver.candidate(facts, self._member["id"], self._prefer)
        if not candidate:
            reasons = [reason for one in facts if one != self._member["id"]
                       for reason in self._driver.unfit(facts, one)]
            raise DatastoreError("no_candidate", f"{self._member['name']} is the source, and no "
                                 "replica can take over with all its writes; nothing can take over "
                                 f"from it{': ' if reasons else ''}{'; '.join(reasons)}.",
                                 passing=True, instance=self._member["id"])
        self._trove.verify_credentials()
        self._driver.fence(facts, self._member["id"], candidate)
        self._trove.promote(candidate)
        return ""

    def _unfence(self) -> None:
        """Not while Trove is promoting: its answer may have been lost, or it may take long."""
        members = self._trove.group(self._job)["members"]
        if all(one.status != promotion.PROMOTING for one in members):
            self._driver.unfence(facts_of(self._driver, self._trove, members))
