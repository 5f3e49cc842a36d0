"""The steps between waves: which members are made unavailable next, what to put back, watching,
roles."""
import time
from typing import Any

from ..datastores.base import ClusterFacts, Driver, Member
from ..datastores.polling import polls
from ..ownership.lock import Lock
from ..planning import undo, waves
from ..planning.documents import Peer, Plan, WaveMember
from ..planning.evidence import blind, check_sight, is_blind
from ..planning.groups import followed
from ..planning.versions import recorded, runs
from ..schemas import UpgradeError
from ..services.members import as_members, driver_for, facts_of, health_of
from ..services.trove import Trove
from .base import StepAction

UNWELL_POLLS = 3   # looks in a row after which a watched cluster counts as unwell


class ChooseWave(StepAction):
    """The gate before a wave: waits until it is safe, then says who goes.

    Who has been upgraded is written down with the wave that is chosen, so that what Mistral stores
    of a wave does not grow with the waves before it.

    :param progress: ``{waves, paused_at, baked}``, see planning.waves.Progress.
    :returns: ``{next: upgrade | hold | bake | done, members}``: members are the ids of the wave,
        which is written down beside the record; ``until`` when to bake, ``restore_roles`` when the
        roll is done and that was asked for.
    """

    def __init__(self, run: str, progress: dict[str, Any]):
        super().__init__(run)
        self.progress = progress

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        trove.verify_credentials()
        waves.check_lock(lock.read(), self.job["owner"])
        driver = driver_for(self.job, self.actor)
        members = lock.check_task(trove.group(self.job))["members"]
        self.plan = {**self.plan, "members": followed(self.plan["members"], members)}
        before = self.record.wave()
        done = waves.brought(before, self.progress["waves"])
        listed = todo = waves.left(self.plan, done, members)
        progress = waves.Progress(**self.progress)
        facts = self._open_gate(driver, trove, members, todo, progress)
        # The gate may have taken its time.
        control = waves.check_lock(lock.read(), self.job["owner"])
        if not progress.waves or not driver.asks_trove:
            todo = self._unfinished(driver, trove, members, facts, todo)
        step, wave = waves.next_step(driver, facts, todo, self.plan["options"], progress,
                                     control.get("pause_after"), self._goes_back)
        unavailable = waves.all_unavailable(facts, waves.known_unhealthy(self.plan, todo), wave)
        anew = before["anew"] or bool(before["members"]) and not progress.waves
        if driver.asks_trove:       # the gate needs no versions, what is written down does
            going = {one.id: one for one in members if one.id in wave}
            going = {one.id: one for one in trove.members(list(going.values()))}
            facts |= driver.read(going.values())
            members = [going.get(one.id, one) for one in members]
        self.record.choose({
            "members": _chosen(wave, self.plan, members, facts, trove, anew),
            "peers": _peers(self.plan, members), "unavailable": unavailable, "back": False,
            "anew": anew, "number": progress.waves,
            "done": [*done, *(one for one in listed if one not in todo)]})
        return self._told(step, wave)

    def _told(self, step: str, wave: list[str]) -> dict[str, Any]:
        """Mistral stores it four times a wave, so it has what the next step needs and no more."""
        told: dict[str, Any] = {"next": step, "members": wave}
        if step == waves.BAKE:
            told["until"] = time.time() + self.job["bake_sec"]
        if step == waves.DONE and self.plan["options"]["restore_roles"]:
            told["restore_roles"] = True
        return told

    @property
    def _goes_back(self) -> bool:
        return self.plan["direction"] == "back"

    def _unfinished(self, driver: Driver, trove: Trove, members: list[Member],
                    facts: ClusterFacts, todo: list[str]) -> list[str]:
        """Of ``todo`` those that nobody has upgraded yet: neither an earlier roll of this run, nor
        a person, nor the run itself before Mistral's database was restored. Trove is asked for the
        versions of those alone that may be, as their own servers tell."""
        target = self.job["target"]
        maybe = [one for one in members if one.id in todo
                 and (driver.asks_trove or runs(facts[one.id].version, target))]
        asked = trove.recorded(maybe)
        if driver.asks_trove:
            facts = driver.read(asked)
        return waves.unfinished(asked, facts, todo, target)

    def _open_gate(self, driver: Driver, trove: Trove, members: list[Member], todo: list[str],
                   progress: waves.Progress) -> ClusterFacts:
        """Return when the whole cluster was found well several times in a row, but for broken
        members whose turn it is: what was found the last time.

        :raises UpgradeError: code ``gate_closed`` or ``executor_blind``, class retry.
        """
        known_unhealthy = waves.known_unhealthy(self.plan, todo)
        passes = 0
        for _ in polls(self.job["try_sec"], max(self.job["poll_sec"], driver.poll_sec)):
            facts = health_of(driver, trove, self.job, members)
            wave = waves.next_wave(driver, facts, todo, self.plan["options"], progress,
                                   self._goes_back)
            unavailable = waves.already_unavailable(facts, known_unhealthy, wave)
            wrong = [*driver.blockers(facts, unavailable),
                     *waves.taken_elsewhere(self.plan, todo, members)]
            passes = 0 if wrong or is_blind(facts, unavailable) else passes + 1
            if passes >= self.job["gate_passes"]:
                return facts
        check_sight(facts, unavailable)
        raise UpgradeError("gate_closed", "It is not safe to make a member unavailable: "
                           f"{'; '.join(wrong)}.", "retry")


class ChooseUndo(StepAction):
    """What a failure undoes next, by the members' own evidence.

    :param failure: whatever the failed task left behind.
    :param waves: waves of this rollback that ended well; their members are back.
    :returns: ``{next: undo | done, ask, members}``: members are the ids of the wave, which is
        written down beside the record; ask is True when a person is to be waited for after it.
    """

    outlasts = True

    def __init__(self, run: str, failure: Any, waves: int = 0):
        super().__init__(run)
        self.failure, self.waves = failure, waves

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        waves.check_lock(lock.read(), self.job["owner"], heed_abort=False)
        driver = driver_for(self.job, self.actor)
        members = trove.group(self.job)["members"]
        undone = waves.brought(self.record.wave(), self.waves)
        members = [*trove.recorded([one for one in members if one.id not in undone]),
                   *(one for one in members if one.id in undone)]
        self.plan = {**self.plan, "members": followed(self.plan["members"], members)}
        facts = driver.read(members)
        errors = undo.find_errors(self.failure)
        wanted = undo.scope(self.plan["options"]["on_failure"], errors)
        if wanted != "nothing":
            check_sight(facts, self.record.wave()["unavailable"])
        todo = [one for one in undo.to_undo(self.plan, members, facts, wanted, driver.full_stop)
                if one not in undone]
        wave = undo.next_undo(driver, facts, self.plan, todo)
        undo.check_rollback_path(driver, facts, self.plan, wave)
        if not wave and wanted == "all" and not any(one["done"] for one in self.plan["members"]):
            # All are back on servers that were started with their own settings.
            lock.forget_saved_settings()
        ask = undo.ask_person(self.plan["options"]["on_failure"], errors)
        unavailable = waves.all_unavailable(facts, todo, wave)
        self.record.choose({
            "members": _chosen(wave, self.plan, members, facts, trove, anew=True),
            "peers": _peers(self.plan, members), "unavailable": unavailable, "back": True,
            "anew": True, "number": self.waves, "done": undone})
        return {"next": "undo" if wave else "done", "members": wave, "ask": ask}


class WatchHealth(StepAction):
    """Look until the bake time is over; fails when the cluster stays unwell.

    :param until: unix time.
    :param whole: False between waves: then those need not be well who were unavailable already when
        the next members were chosen, for they are still to be upgraded.
    """

    def __init__(self, run: str, until: float, whole: bool = True):
        super().__init__(run)
        self.until, self.whole = until, whole

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        driver = driver_for(self.job, self.actor)
        members = trove.group(self.job)["members"]
        unavailable = [] if self.whole else self.record.wave()["unavailable"]
        end = min(self.until, time.time() + self.job["try_sec"])
        unwell = 0
        while True:
            waves.check_lock(lock.read(), self.job["owner"])
            facts = health_of(driver, trove, self.job, members)
            if (unseen := is_blind(facts, unavailable)) and time.time() >= end:
                raise blind(facts)
            wrong = driver.blockers(facts, unavailable)
            unwell = 0 if unseen or not wrong else unwell + 1
            if unwell >= UNWELL_POLLS:
                raise UpgradeError("unwell", f"While watching: {'; '.join(wrong)}.", "rollback")
            if time.time() >= end and not unwell and not unseen:
                break
            time.sleep(max(1.0, driver.poll_sec) if time.time() < end else self.job["poll_sec"])
        if time.time() < self.until:
            raise UpgradeError("baking", "Still watching.", "retry")
        return {"watched": True}


class SuspendBackground(StepAction):
    """The cluster's own background work rests, and what rests is written down before.

    :returns: ``{"resting": names}``.
    """

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        waves.check_lock(lock.read(), self.job["owner"])
        driver = driver_for(self.job, self.actor)
        members = as_members(self.plan["members"])
        resting = lock.save_background(driver.background(members))
        if resting:
            driver.suspend(members, resting)
        return {"resting": sorted(resting)}


class ResumeBackground(StepAction):
    """The cluster's own background work goes on as it was before, and no member is fenced.

    :returns: ``{"resumed": names}``.
    """

    outlasts = True

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        waves.check_lock(lock.read(), self.job["owner"], heed_abort=False)
        resting = lock.suspended_background()
        driver = driver_for(self.job, self.actor)
        if driver.promotes_by_trove:
            facts = facts_of(driver, trove, trove.group(self.job)["members"])
            check_sight(facts)
            driver.unfence(facts)
        if resting:
            driver.resume(as_members(self.plan["members"]), resting)
            lock.forget_background()
        return {"resumed": sorted(resting)}


class RestoreRoles(StepAction):
    """The members that led at the start lead again."""

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        waves.check_lock(lock.read(), self.job["owner"], heed_abort=False)
        driver = driver_for(self.job, self.actor)
        members = as_members(self.plan["members"])
        leaders = [one["id"] for one in self.plan["members"] if one["role"] == "primary"]
        facts = facts_of(driver, trove, members)
        check_sight(facts)
        return {"moved": driver.restore_roles(facts, leaders)}


def _chosen(wave: list[str], plan: Plan, members: list[Member], facts: ClusterFacts, trove: Trove,
            anew: bool) -> dict[str, WaveMember]:
    """What is remembered of the wave's members, as they are now.

    :param anew: Trove is asked for their versions, for what the plan says of them may be over.
    """
    planned = {one["id"]: one for one in plan["members"]}
    return {
        one.id: {"id": one.id, "name": one.name, "address": one.address, "kind": one.kind,
                 "role": facts[one.id].role, "domain": facts[one.id].domain,
                 "version": facts[one.id].version, "identity": facts[one.id].identity,
                 "server_id": facts[one.id].server_id, "origin": planned[one.id]["origin"],
                 "recorded": recorded(trove.recorded([one])[0]) if anew or one.version
                 else planned[one.id]["recorded"],
                 "holds": facts[one.id].holds}
        for one in members if one.id in wave}


def _peers(plan: Plan, members: list[Member]) -> list[Peer]:
    """All members as they are asked; empty where they are those of the plan."""
    found: list[Peer] = [{"id": one.id, "name": one.name, "address": one.address, "kind": one.kind}
                         for one in members]
    planned = [{key: one.get(key) for key in Peer.__annotations__} for one in plan["members"]]
    return [] if found == planned else found
