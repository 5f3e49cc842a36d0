"""The steps of one member: move its role away, ask Trove, wait for its own evidence."""
import time
from collections.abc import Iterator
from typing import Any

from ..datastores.base import ClusterFacts, Driver, Facts, Member
from ..datastores.polling import polls
from ..ownership.lock import Lock
from ..planning import waves
from ..planning.documents import Peer, PlanMember, WaveMember
from ..planning.evidence import (
    another_server,
    arrived,
    asked_already,
    check_sight,
    has_switched,
    is_blind,
)
from ..planning.versions import Version, number_of, runs
from ..schemas import UpgradeError
from ..services.members import as_members, driver_for, facts_of, health_of
from ..services.record import Record
from ..services.rights import check_id
from ..services.sessions import REVOKED
from ..services.trove import Trove
from .base import StepAction

# When Trove is asked, too, whether the member has failed; then after twice the time, and so on.
FIRST_ASK_SEC = 3.0
# For so long a step goes by what it was told when it began.
FRESH_SEC = 3.0


class MemberAction(StepAction):
    """A step of one member.

    :param member: its id; the wave in hand says what it was like when it was chosen.
    """

    member: WaveMember
    outlasts = True     # until the record says that the member goes forward

    def __init__(self, run: str, member: str):
        super().__init__(run)
        self.member_id = member

    def remember(self, record: Record) -> None:
        self._told_at = time.monotonic()
        super().remember(record)
        check_id(self.member_id, "member")
        wave = record.wave()
        if self.member_id not in wave["members"]:
            raise self._not_chosen()
        self.member = wave["members"][self.member_id]
        self.peers: list[Peer] | list[PlanMember] = wave["peers"] or self.plan["members"]
        self.unavailable = wave["unavailable"]
        self.goes_back, self.wave = wave["back"], wave
        self.outlasts = self.goes_back

    @property
    def wanted(self) -> Version:
        """The version that it is to run."""
        return self.member["origin"] if self.goes_back else self.job["target"]

    @property
    def _itself(self) -> Member:
        return as_members([self.member])[0]

    def _health(self, driver: Driver, trove: Trove) -> ClusterFacts:
        return health_of(driver, trove, self.job, as_members(self.peers))

    def _request(self, trove: Trove, lock: Lock, version: Version) -> bool:
        """Ask Trove for the version, right after the gate; False when that was done meanwhile.

        An executor that hung may go on when another one has done the step and the run is elsewhere.

        :raises UpgradeError: code ``lock_lost`` or ``not_chosen``: the run has gone on without it.
        """
        if time.monotonic() - self._told_at > FRESH_SEC:
            waves.check_lock(lock.read(), self.job["owner"], heed_abort=False)
            wave = self.record.wave()
            if wave["back"] != self.goes_back \
                    or wave["members"].get(self.member_id) != self.member:
                raise self._not_chosen()
            if asked_already(self.member, trove.member(self.member_id), version):
                return False
        trove.upgrade(self.member_id, version)
        return True

    def _not_chosen(self) -> UpgradeError:
        return UpgradeError("not_chosen", "This member is not of the wave in hand; it is left as "
                            "it is.", "rollback", self.member_id)

    def _polls(self, driver: Driver) -> Iterator[None]:
        return polls(self.job["try_sec"], max(self.job["poll_sec"], driver.poll_sec))

    def _await_gate(self, driver: Driver, trove: Trove) -> None:
        """Return as soon as it is safe to make the wave unavailable.

        :raises UpgradeError: code ``gate_closed`` or ``executor_blind``, class retry.
        """
        for _ in self._polls(driver):
            facts = self._health(driver, trove)
            wrong = driver.blockers(facts, self.unavailable)
            if not wrong and not is_blind(facts, self.unavailable):
                return
        check_sight(facts, self.unavailable)
        raise UpgradeError("gate_closed", f"It is not safe to make {self.member['name']} "
                           f"unavailable: {'; '.join(wrong)}.", "retry", self.member["id"])


class RequestUpgrade(MemberAction):
    """Ask Trove for the upgrade, right after the gate. Asked already? Then only say so."""

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        target = self.job["target"]
        if asked_already(self.member, trove.member(self.member["id"]), target):
            return {"requested": False}
        trove.verify_credentials()
        driver = driver_for(self.job, self.actor)
        waves.check_lock(lock.read(), self.job["owner"],
                         heed_abort=not has_switched(driver, self.member))
        self._await_gate(driver, trove)
        return {"requested": self._request(trove, lock, target)}


class RequestRollback(MemberAction):
    """Ask Trove to put the member back on its old version, if its data allow it.

    One that was stopped with all the others before Trove was asked for it bears its old version in
    Trove's record, and is asked for all the same: that starts it.

    :returns: ``{requested, rebuild}``: rebuild when its data can't go back, so that it must be
        rebuilt.
    """

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        origin = self.member["origin"]
        if asked_already(self.member, trove.member(self.member["id"]), origin):
            return {"requested": False, "rebuild": False}
        waves.check_lock(lock.read(), self.job["owner"], heed_abort=False)
        driver = driver_for(self.job, self.actor)
        if driver.forward_only and not self._still_runs(driver, trove, origin):
            return {"requested": False, "rebuild": True}
        self._check_rollback_path(driver, trove, origin)
        self._await_gate(driver, trove)
        return {"requested": self._request(trove, lock, origin), "rebuild": False}

    def _still_runs(self, driver: Driver, trove: Trove, version: Version) -> bool:
        """Its own server serves its data by this version, so the new one has not changed them."""
        facts = facts_of(driver, trove, as_members(self.peers))
        check_sight(facts, self.unavailable)
        own = facts[self.member["id"]]
        return own.answers and runs(own.version, version)

    def _check_rollback_path(self, driver: Driver, trove: Trove, origin: Version) -> None:
        if not origin["id"]:        # the check origin_known was skipped
            raise UpgradeError("rollback_path_closed", f"Trove has no version that "
                               f"{self.member['name']} could be put back to; it is left as it is.",
                               "stop", self.member["id"])
        facts = facts_of(driver, trove, as_members(self.peers))
        if closed := driver.closed_rollback_path(facts, self.member["id"], number_of(origin)):
            raise UpgradeError("rollback_path_closed", f"{closed}; it is left as it is.",
                               "stop", self.member["id"])


class AwaitEvidence(MemberAction):
    """Wait until the member's own server runs the version, is caught up and seen well by all.

    :returns: ``{version, role}`` as the member's own server reports.
    """

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        driver = driver_for(self.job, self.actor)
        begin = time.monotonic()
        ask_at = FIRST_ASK_SEC
        for _ in self._polls(driver):
            facts, missing, lost = self._poll(driver, trove)
            if not missing and not lost:
                return {"version": facts.version, "role": facts.role}
            if time.monotonic() - begin >= ask_at:
                ask_at *= 2
                self._check_not_failed(driver, trove, facts)
        if not facts.answers:
            check_sight(self._health(driver, trove), self.unavailable)
        if lost:
            raise UpgradeError("data_missing", f"{lost}; nothing more is touched.", "stop",
                               self.member["id"])
        raise UpgradeError("not_yet", f"Not there yet: {missing}.", "retry", self.member["id"])

    def _poll(self, driver: Driver, trove: Trove) -> tuple[Facts, str, str]:
        """The member's facts, what is missing to be content with them, and what of its data is."""
        facts = facts_of(driver, trove, [self._itself])[self.member["id"]]
        if not arrived(facts, self.member, self.wanted):
            return facts, (
                facts.problems[0] if facts.problems else f"{facts.name} runs {facts.version}"), ""
        if strange := another_server(facts, self.member):
            return facts, "", strange
        if not self.goes_back and self.job["keep_rollback_path"]:
            driver.keep_rollback_path(self._itself, number_of(self.member["origin"]), facts.version)
        if facts.problems:
            return facts, facts.problems[0], ""
        others = set(self.unavailable) - {self.member["id"]}
        everyone = self._health(driver, trove)
        lost = driver.missing_data(everyone, self.member["id"], self.member["holds"])
        return facts, "; ".join(driver.blockers(everyone, others)), lost

    def _check_not_failed(self, driver: Driver, trove: Trove, facts: Facts) -> None:
        """Fail fast when Trove or the server itself says that it will not come.

        Without rights Trove can't be asked: the member in hand is judged by what its own server
        reports.
        """
        try:
            now = trove.member(self.member["id"])
        except UpgradeError as error:
            if error.code != REVOKED:
                raise
            return
        name = self.member["name"]
        if now.failed:
            everyone = self._health(driver, trove)
            if is_blind(everyone, self.unavailable) \
                    or driver.still_coming(everyone, self.member["id"]):
                return
            why = f": {now.fault.rstrip('.')}" if now.fault else ""
            raise UpgradeError("member_failed", f"Trove calls {name} {now.status} after it was "
                               f"asked to run {self.wanted['name']}{why}.", "rollback",
                               self.member["id"])
        anew = facts.answers and facts.identity != self.member["identity"]
        if anew and now.status != "UPGRADE" and not runs(facts.version, self.wanted):
            raise UpgradeError("wrong_version", f"{name} was started anew but runs {facts.version} "
                               f"instead of {self.wanted['name']}.", "rollback", self.member["id"])
