"""The steps after the last wave: verify, await Trove's record, finalise."""
import operator
import time
from typing import Any

from .. import datastores
from ..datastores.base import ClusterFacts, Driver, Member
from ..datastores.polling import polls
from ..ownership.lock import Lock
from ..planning import waves
from ..planning.documents import Job
from ..planning.evidence import check_sight, unverified
from ..planning.groups import CLUSTER, SET
from ..schemas import UpgradeError
from ..services import rights
from ..services.members import driver_for, driver_named, facts_of, found_now, placed_by
from ..services.record import Record
from ..services.sessions import Actor
from ..services.trove import Trove
from .base import StepAction, UpgradeAction

FAILED_LAST = operator.attrgetter("failed")     # those that may still come before them
TROVE_POLL_SEC = 1.0   # Trove itself looks only every 5 s and ever more seldom


class Verify(StepAction):
    """Every member on the target and the cluster well, as the members' own servers report.

    :returns: ``{"bake_until": unix time}``, 0 when there is nothing to watch.
    """

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        driver = driver_for(self.job, self.actor)
        members = trove.group(self.job)["members"]
        _check_verified(driver, facts_of(driver, trove, members), self.job)
        watched = self.job["bake_sec"] and self.plan["waves"]
        return {"bake_until": time.time() + self.job["bake_sec"] if watched else 0}


def _check_verified(driver: Driver, facts: ClusterFacts, job: Job) -> None:
    check_sight(facts)
    if wrong := unverified(driver, facts, job["target"]):
        raise UpgradeError("not_verified", "Not all members are on the target and well: "
                           + "; ".join(wrong) + ".", "retry")


def _check_final(driver: Driver, facts: ClusterFacts) -> None:
    if wrong := driver.finalize_blockers(facts):
        raise UpgradeError("not_final", f"The upgrade can't be finalised yet: {'; '.join(wrong)}. "
                           "Nothing was changed; finalise again when that is mended.", "stop")


class AwaitTrove(StepAction):
    """Trove agrees: every member ACTIVE in its record. Its poll backs off, so this comes last.

    :param heed_abort: False when members have been put back already.
    :param heed_pause: False, too, when a person has been waited for here already.
    :returns: ``{"hold": whether the operator asks for a pause}``; then Trove is not waited for.
    """

    def __init__(self, run: str, heed_abort: bool = True, heed_pause: bool = True):
        super().__init__(run)
        self.heed_abort, self.heed_pause = heed_abort, heed_pause

    def step(self, trove: Trove, lock: Lock) -> dict[str, Any]:
        others: list[Member] = []
        for _ in polls(self.job["try_sec"], TROVE_POLL_SEC):
            control = waves.check_lock(lock.read(), self.job["owner"], self.heed_abort)
            if self.heed_pause and control.get("pause_after") == "all":
                return {"hold": True}
            others = self._not_active(trove, others)
            if not others:
                return {"hold": False}
            if others[0].failed:
                break
        words = ", ".join(f"{one.name} {one.status}" for one in others)
        raise UpgradeError("trove_disagrees", f"Trove calls {words}.",
                           "stop" if others[0].failed else "retry")

    def _not_active(self, trove: Trove, before: list[Member]) -> list[Member]:
        """The members that Trove does not call ACTIVE, those that may still come first.

        The whole cluster, for which Trove loads each member twice, is asked for once. Then the
        first of them is asked for alone, and the next when that one is there.

        :param before: what was returned the last time; empty at first.
        """
        others = list(before)
        while others:
            try:
                now = trove.member(others[0].id)
            except UpgradeError:        # it is gone
                others = []
                break
            if now.status == others[0].status:
                return others
            others = [*([] if now.status == "ACTIVE" else [now]), *others[1:]]
            if not others:
                return []
            others.sort(key=FAILED_LAST)
        members = trove.group(self.job)["members"]
        return sorted((one for one in members if one.status != "ACTIVE"), key=FAILED_LAST)


class Finalize(UpgradeAction):
    """Close the rollback path: give every member the settings back that kept it open.

    :param run: the execution that owns the lock. Where it has a record, that says the rest.
    :param cluster_id: id or unique name.
    :param access: name of the access file.
    :param driver: name of the driver, or ``auto``.
    :param kind: ``cluster`` or ``replication_set``; then cluster_id is that of any of its members.
    """

    def __init__(self, run: str, cluster_id: str = "", access: str = "default",
                 driver: str = "auto", kind: str = CLUSTER):
        super().__init__()
        self.run_id, self.cluster_id = run, cluster_id
        self.access, self.driver, self.kind = access, driver, kind

    def act(self, context: Any) -> dict[str, Any]:
        self.check_name(context)
        actor = rights.acting(context, self.run_id)
        project_id = context.security.project_id or ""
        plan = Record(actor, self.run_id).find()
        trove, facts = Trove(actor), ClusterFacts()
        if plan:
            cluster, driver = trove.group(plan["job"]), driver_for(plan["job"], actor)
            members = placed_by(driver, cluster["members"])
            facts = facts_of(driver, trove, members)
            _check_verified(driver, facts, plan["job"])
        else:
            cluster = found_now(trove, self.kind, self.cluster_id)
            rights.acting(context, self.run_id, cluster["id"])
            driver = self._driver(cluster, project_id, actor)
            members = placed_by(driver, cluster["members"])
        lock = Lock(actor, cluster["id"], project_id)
        waves.check_lock(lock.read(), self.run_id, heed_abort=False)
        kept = lock.saved_settings()
        changed = [one for one in members if one.id in kept]
        if changed:
            _check_final(driver, facts or facts_of(driver, trove, members))
        for member in changed:
            driver.finalize(member, kept[member.id])
        if kept:
            lock.forget_saved_settings()
        return {"finalized": [one.name for one in changed]}

    def _driver(self, cluster: dict[str, Any], project_id: str, actor: Actor) -> Driver:
        name = datastores.choose(self.driver, cluster["datastore"], self.kind == SET)
        return driver_named(name, self.access, project_id, cluster["id"], actor)
