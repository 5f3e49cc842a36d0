"""The last word of a run."""
from typing import Any

from ..datastores.base import ClusterFacts, Driver, Member
from ..ownership.lock import Lock
from ..planning import verdict
from ..planning.documents import Plan
from ..planning.evidence import as_servers_say, blind
from ..planning.groups import CLUSTER, named_in
from ..planning.undo import find_errors
from ..schemas import UpgradeError
from ..schemas.errors import STOP
from ..services import rights
from ..services.errors import explain
from ..services.record import Record
from ..services.trove import Trove
from .base import UpgradeAction
from .observe import as_members, driver_for


class Report(UpgradeAction):
    """How the run ended (schemas/result.json), by the members' own evidence now.

    :param run: the execution that people have started.
    :param inputs: what the caller of the workflow gave.
    :param plan: the plan, or None when none could be made. No server is asked for its sake: what
        members say is read by the run's record alone, and a run without one has touched nothing.
    :param failure: whatever the failed task left behind, or None.
    :param undone: ids of members that were put back.
    :param kind: ``cluster`` or ``replication_set``.
    :param blindly: whether to report, too, when no member answers (else code ``executor_blind``)
        or Trove can't be asked, and by another access file than the run began with.
    """

    outlasts = True

    def __init__(self, run: str, inputs: dict[str, Any], plan: Plan | None,
                 failure: Any = None, undone: list[str] | None = None, kind: str = CLUSTER,
                 blindly: bool = False):
        super().__init__()
        self.run_id, self.kind, self.blindly = run, kind, blindly
        self.inputs, self.plan, self.failure = inputs, plan, failure
        self.undone = undone or []

    def act(self, context: Any) -> dict[str, Any]:
        errors = find_errors(self.failure)
        record = self._record(context)
        if record:
            driver = driver_for(record["job"], pinned=not self.blindly)
            members, facts, notes = self._seen(context, driver, record)
            found = verdict.verdict(driver, record, members, facts, self.failure, self.undone,
                                    notes)
            if found["unknown"] and facts and not self.blindly:
                raise blind(facts)
            return found
        if self.plan is None:
            return verdict.refused(errors[0], named_in(self.inputs), self.kind)
        if self.plan["options"]["dry_run"]:
            return verdict.planned(self.plan)
        return verdict.as_planned(self.plan, self.failure)

    def _record(self, context: Any) -> Plan | None:
        """None where the rights are gone, too: then the plan must do."""
        try:
            return Record(rights.acting(context, self.run_id), self.run_id).find()
        except Exception as error:  # noqa: BLE001  whatever it is, the run must be reported
            if explain(error).klass != STOP:
                raise
            return None

    def _seen(self, context: Any, driver: Driver,
              plan: Plan) -> tuple[list[Member], ClusterFacts, list[str]]:
        """By Trove and the members; by the members alone where the rights are gone."""
        try:
            actor = rights.acting(context, self.run_id)
            trove = Trove(actor, only=plan["job"])
            cluster = trove.group(plan["job"])
            members = trove.recorded(cluster["members"])
            resting = Lock(actor, cluster["id"], context.security.project_id).suspended_background()
            return (members, driver.read(members),
                    verdict.notes(plan, cluster["datastore_version"], resting))
        except Exception as error:  # noqa: BLE001  whatever it is, the run must be reported
            found = explain(error)
            if found.klass != STOP and not self.blindly:
                raise
            return _by_members_alone(driver, plan, found)


def _by_members_alone(driver: Driver, plan: Plan,
                      error: UpgradeError) -> tuple[list[Member], ClusterFacts, list[str]]:
    note = ["Trove could not be asked at the end, so this is what the members' own servers said. "
            f"{error.message}"]
    if driver.asks_trove:
        return [], {}, note
    members = as_members(plan["members"])
    facts = driver.read(members)
    return as_servers_say(plan, members, facts), facts, note
