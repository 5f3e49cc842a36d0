"""The last word of a run."""
from typing import Any

from .. import datastores
from ..datastores.base import ClusterFacts, Driver, Member
from ..ownership.lock import Lock
from ..planning import verdict
from ..planning.documents import Job, Plan, Wave
from ..planning.evidence import as_servers_say, blind
from ..planning.groups import CLUSTER, named_in
from ..planning.plan import TRY_SEC
from ..planning.undo import find_errors, put_back
from ..schemas import UpgradeError
from ..schemas.errors import STOP
from ..services import rights
from ..services.errors import explain
from ..services.members import as_members, driver_for
from ..services.record import NOBODY, Record
from ..services.sessions import Actor
from ..services.trove import Trove
from .base import UpgradeAction


class Report(UpgradeAction):
    """How the run ended (schemas/result.json), by the members' own evidence now.

    :param run: the execution that people have started.
    :param inputs: what the caller of the workflow gave.
    :param plan: the plan, or None when none could be made. No server is asked for its sake: what
        members say is read by the run's record alone, and a run without one has touched nothing.
    :param failure: whatever the failed task left behind, or None.
    :param kind: ``cluster`` or ``replication_set``.
    :param blindly: whether to report, too, when no member answers (else code ``executor_blind``)
        or Trove can't be asked, and by another access file than the run began with.
    """

    outlasts, try_sec = True, TRY_SEC

    def __init__(self, run: str, inputs: dict[str, Any], plan: Plan | None,
                 failure: Any = None, kind: str = CLUSTER, blindly: bool = False):
        super().__init__()
        self.run_id, self.kind, self.blindly = run, kind, blindly
        self.inputs, self.plan, self.failure = inputs, plan, failure
        self.goes_back = False      # the run has put members back

    def act(self, context: Any) -> dict[str, Any]:
        errors = find_errors(self.failure)
        actor, record, wave = self._record(context)
        if actor and record:
            driver, unasked = _driver_for(record["job"], actor, pinned=not self.blindly)
            self.goes_back = wave["back"]
            members, facts, notes = self._seen(context, actor, driver, record)
            found = verdict.verdict(driver, record, members, facts, self.failure,
                                    put_back(wave, members, record["to_version"]),
                                    unasked + notes)
            if found["unknown"] and facts and not (self.blindly or unasked):
                raise blind(facts)
            return found
        if self.plan is None:
            return verdict.refused(errors[0], named_in(self.inputs), self.kind)
        if self.plan["options"]["dry_run"]:
            return verdict.planned(self.plan)
        return verdict.as_planned(self.plan, self.failure)

    def _record(self, context: Any) -> tuple[Actor | None, Plan | None, Wave]:
        """Who acts, the plan, and who was chosen last. No plan where the rights are gone, too: then
        that of the input must do."""
        try:
            actor = rights.acting(context, self.run_id)
            record = Record(actor, self.run_id)
            plan = record.find()
            return actor, plan, record.wave() if plan else NOBODY
        except Exception as error:  # noqa: BLE001  whatever it is, the run must be reported
            if explain(error).klass != STOP:
                raise
            return None, None, NOBODY

    def _seen(self, context: Any, actor: Actor, driver: Driver,
              plan: Plan) -> tuple[list[Member], ClusterFacts, list[str]]:
        """By Trove and the members; by the members alone where the rights are gone."""
        try:
            trove = Trove(actor, only=plan["job"])
            cluster = trove.group(plan["job"])
            members, facts = self._members(driver, trove, plan, cluster["members"])
            resting = Lock(actor, cluster["id"], context.security.project_id).suspended_background()
            return (members, facts,
                    verdict.notes(plan, cluster["datastore_version"], resting, facts))
        except Exception as error:  # noqa: BLE001  whatever it is, the run must be reported
            found = explain(error)
            if found.klass != STOP and not self.blindly:
                raise
            return _by_members_alone(driver, plan, found)

    def _members(self, driver: Driver, trove: Trove, plan: Plan,
                 listed: list[Member]) -> tuple[list[Member], ClusterFacts]:
        """The members with Trove's versions, and their facts.

        After a run without an error Trove's record of each was either made by the run or was the
        target already, so Trove is not asked for each once more.
        """
        if driver.asks_trove or self.goes_back or find_errors(self.failure):
            members = trove.recorded(listed)
            return members, driver.read(members)
        facts = driver.read(listed)
        return as_servers_say(plan, listed, facts), facts


def _driver_for(job: Job, actor: Actor, pinned: bool) -> tuple[Driver, list[str]]:
    """The run's driver; without access to the members any more the generic one, which asks Trove
    alone, and a note of it."""
    try:
        return driver_for(job, actor, pinned), []
    except Exception as error:  # noqa: BLE001  whatever it is, the run must be reported
        found = explain(error)
        if found.klass != STOP:
            raise
        return datastores.driver(datastores.GENERIC, {}), [
            "The members' own servers could not be asked at the end, so this is what Trove shows. "
            f"{found.message}"]


def _by_members_alone(driver: Driver, plan: Plan,
                      error: UpgradeError) -> tuple[list[Member], ClusterFacts, list[str]]:
    note = ["Trove could not be asked at the end, so this is what the members' own servers said. "
            f"{error.message}"]
    if driver.asks_trove:
        return [], {}, note
    members = as_members(plan["members"])
    facts = driver.read(members)
    return as_servers_say(plan, members, facts), facts, note
