"""Who is made unavailable next, and with whom."""
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ..datastores.base import ANOTHER, ClusterFacts, Driver, Member
from ..schemas import UpgradeError
from .documents import Plan, Version, Wave
from .versions import bears, runs

UPGRADE, HOLD, BAKE, DONE = "upgrade", "hold", "bake", "done"
ACTIVE = "members_active"       # the check of Trove's states


@dataclass(frozen=True)
class Progress:
    """How far a roll has come.

    :ivar waves: waves that ended well.
    :ivar paused_at: the wave count at which a person was last waited for; -1 for never.
    :ivar baked: the members have been watched for the bake time since the last wave.
    """

    waves: int = 0
    paused_at: int = -1
    baked: bool = False


def brought(before: Wave, waves: int) -> list[str]:
    """Ids of the members that this roll has upgraded.

    :param before: the wave that was chosen last, be it by an earlier roll or to go back.
    :param waves: waves of this roll that ended well; the one that was chosen last is among them
        when there are more of them than came before it.
    """
    if not waves:
        return []
    return [*before["done"], *(before["members"] if waves > before["number"] else ())]


def all_waves(driver: Driver, facts: ClusterFacts, todo: Collection[str],
              options: dict[str, Any], canary: bool, back: bool = False) -> list[list[str]]:
    """Every wave in order, as far as today's roles tell. Roles are looked at anew for each.

    :param back: they go to an older version.
    """
    if driver.full_stop:
        return [list(todo)] if todo else []
    together = options["parallelism"] == "domain"
    order = driver.waves_back if back else driver.waves
    waves = order(facts, todo, together)
    if canary and waves and len(waves[0]) > 1:
        first = waves[0][0]
        waves = [[first], *order(facts, [one for one in todo if one != first], together)]
    bound = options["max_unavailable"] or len(todo) or 1
    return [wave[start:start + bound] for wave in waves for start in range(0, len(wave), bound)]


def next_wave(driver: Driver, facts: ClusterFacts, todo: Collection[str], options: dict[str, Any],
              progress: Progress, back: bool = False) -> list[str]:
    """Who would go now, if it is safe; empty when nobody is left."""
    canary = options["canary"] and not progress.waves
    return all_waves(driver, facts, todo, options, canary, back)[0] if todo else []


def already_unavailable(facts: ClusterFacts, known_unhealthy: Collection[str],
                        wave: Collection[str]) -> set[str]:
    """Members that count as unavailable already when the wave goes: the broken ones, if it is their
    turn.

    Those don't hold each other up. Anybody else waits until they are well.

    :param known_unhealthy: ids of members that may be broken. While rolling forward those that the
        plan found so: whoever started it agreed to them by name. Who breaks later is waited for.
    """
    broken = {one for one in known_unhealthy if not facts[one].healthy}
    return broken if broken.issuperset(wave) else broken.intersection(wave)


def known_unhealthy(plan: Plan, todo: Collection[str]) -> list[str]:
    """Ids of those of ``todo`` that were broken when the plan was made."""
    return [one["id"] for one in plan["members"] if one["id"] in todo and not one["healthy"]]


def taken_elsewhere(plan: Plan, todo: Collection[str], members: Iterable[Member]) -> list[str]:
    """Complaints about members that Trove upgrades now, although this run has not begun with them:
    another engine does, or Trove's own cluster upgrade.

    :param todo: ids of those that are still to be upgraded. One that was broken when the plan was
        made may be on its way for long; so may any where that check was skipped.
    """
    if ACTIVE in plan["options"].get("skip_checks", ()):
        return []
    excused = known_unhealthy(plan, todo)
    return [f"{ANOTHER}: by Trove {one.name} is UPGRADE, and not by this run" for one in members
            if one.id in todo and one.id not in excused and one.status == "UPGRADE"]


def left(plan: Plan, done: Collection[str], members: Iterable[Member]) -> list[str]:
    """Ids of the plan's members that are still to be upgraded.

    :raises UpgradeError: code ``member_gone``, when one of them is not in the cluster any more.
    """
    there = {one.id for one in members}
    todo = [one for one in plan["members"] if not one["done"] and one["id"] not in done]
    for one in todo:
        if one["id"] not in there:
            raise UpgradeError("member_gone", f"Member {one['name']} is not in the cluster any "
                               "more.", "rollback", one["id"])
    return [one["id"] for one in todo]


def unfinished(members: Iterable[Member], facts: ClusterFacts, todo: Collection[str],
               target: Version) -> list[str]:
    """Without the members that are on the target already, whoever has brought them there.

    :param members: with the versions that Trove has recorded.
    """
    done = {one.id for one in members if bears(one, target)
            and facts[one.id].healthy and runs(facts[one.id].version, target)}
    return [one for one in todo if one not in done]


def all_unavailable(facts: ClusterFacts, known_unhealthy: Collection[str],
                    wave: Collection[str]) -> list[str]:
    """Ids of all members that are unavailable while the wave is: itself, and who is unavailable
    already."""
    return sorted({*wave, *already_unavailable(facts, known_unhealthy, wave)})


def next_step(driver: Driver, facts: ClusterFacts, todo: Collection[str], options: dict[str, Any],
              progress: Progress, asked: str | None, back: bool = False) -> tuple[str, list[str]]:
    """What the roll does now: ``upgrade`` with the wave, ``hold``, ``bake`` or ``done``.

    :param asked: ``pause_after`` as the operator changed it in flight, or None. Asked in flight,
        ``all`` holds before the very next wave, be it the first, and after the last one.
    """
    if not todo:
        return HOLD if asked == "all" and progress.paused_at != progress.waves else DONE, []
    wave = next_wave(driver, facts, todo, options, progress, back)
    due = progress.waves == 1 or driver.bake_before(facts, wave)
    if due and options["bake_sec"] and not progress.baked:
        return BAKE, []
    if _holds(asked, options["pause_after"], progress):
        return HOLD, []
    return UPGRADE, wave


def _holds(asked: str | None, planned: str, progress: Progress) -> bool:
    if progress.paused_at == progress.waves:
        return False
    if asked == "all":
        return True
    wanted = asked or planned
    return (wanted == "all" and progress.waves > 0) or (wanted == "first" and progress.waves == 1)


def check_lock(control: dict[str, Any] | None, owner: str,
               heed_abort: bool = True) -> dict[str, Any]:
    """What the lock asks of the run; stop where the operator wants it or where the lock is lost.

    :param control: what the lock says, or None when there is none.
    :param heed_abort: False for steps that put members back: an abort does not stop those.
    :raises UpgradeError: ``lock_lost`` (touch nothing more) or ``aborted`` (undo by on_failure).
    """
    if control is None or control.get("owner") != owner:
        raise UpgradeError("lock_lost", "This run does not hold the cluster's lock any more, so it "
                           "touches nothing. Start a new run to finish or to undo.", "stop")
    if heed_abort and control.get("abort"):
        raise UpgradeError("aborted", "The operator aborted the upgrade.", "rollback")
    return control
