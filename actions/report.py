"""The last word of a run."""
import dataclasses
from typing import Any

from ..datastores.base import ClusterFacts, Driver, Member
from ..ownership.lock import Lock
from ..planning import verdict
from ..planning.groups import CLUSTER, named_in
from ..planning.undo import find_errors
from ..planning.versions import runs
from ..schemas import UpgradeError
from ..schemas.errors import STOP
from ..services import rights
from ..services.errors import explain
from ..services.trove import Trove
from .base import UpgradeAction
from .observe import as_members, driver_for, facts_of
from .record import Record


class Report(UpgradeAction):
    """How the run ended (schemas/result.json), by the members' own evidence now.

    :param run: the execution that people have started.
    :param inputs: what the caller of the workflow gave.
    :param plan: the plan, or None when none could be made; one that came to be the run's record
        is read there.
    :param failure: whatever the failed task left behind, or None.
    :param undone: ids of members that were put back.
    :param kind: ``cluster`` or ``replication_set``.
    """

    def __init__(self, run: str, inputs: dict[str, Any], plan: dict[str, Any] | None,
                 failure: Any = None, undone: list[str] | None = None, kind: str = CLUSTER):
        super().__init__()
        self.run_id, self.kind = run, kind
        self.inputs, self.plan, self.failure = inputs, plan, failure
        self.undone = undone or []

    def act(self, context: Any) -> dict[str, Any]:
        errors = find_errors(self.failure)
        self.plan = self._record(context) or self.plan
        if self.plan is None:
            return verdict.refused(errors[0], named_in(self.inputs), self.kind)
        if self.plan["options"]["dry_run"]:
            return verdict.planned(self.plan)
        driver = driver_for(self.plan["job"])
        members, facts, notes = self._seen(context, driver, self.plan)
        return verdict.verdict(driver, self.plan, members, facts, self.failure, self.undone, notes)

    def _record(self, context: Any) -> dict[str, Any] | None:
        """Where the rights are gone, what came from the run's first steps must do."""
        try:
            return Record(rights.acting(context, self.run_id), self.run_id).find()
        except Exception as error:  # noqa: BLE001  whatever it is, the run must be reported
            if explain(error).klass != STOP:
                raise
            return None

    def _seen(self, context: Any, driver: Driver,
              plan: dict[str, Any]) -> tuple[list[Member], ClusterFacts, list[str]]:
        """By Trove and the members; by the members alone where the rights are gone."""
        try:
            actor = rights.acting(context, self.run_id)
            trove = Trove(actor)
            cluster = trove.group(plan["job"])
            members = trove.recorded(cluster["members"])
            resting = Lock(actor, cluster["id"], context.security.project_id).suspended_background()
            return (members, facts_of(driver, trove, members),
                    _notes(plan, cluster["datastore_version"], resting))
        except Exception as error:  # noqa: BLE001  whatever it is, the run must be reported
            found = explain(error)
            if found.klass != STOP:
                raise
            return _by_members_alone(driver, plan, found)


def _by_members_alone(driver: Driver, plan: dict[str, Any],
                      error: UpgradeError) -> tuple[list[Member], ClusterFacts, list[str]]:
    note = ["Trove could not be asked at the end, so this is what the members' own servers said. "
            f"{error.message}"]
    if driver.asks_trove:
        return [], {}, note
    facts = driver.read(as_members(plan["members"]))
    origins = {one["id"]: one["origin"] for one in plan["members"]}
    versions = {one: plan["to_version"] if runs(found.version, plan["to_version"]) else origins[one]
                for one, found in facts.items()}
    return [dataclasses.replace(one, status="ACTIVE", version=versions[one.id]["name"])
            for one in as_members(plan["members"])], facts, note


def _notes(plan: dict[str, Any], recorded: str, resting: dict[str, Any]) -> list[str]:
    found = []
    if recorded != plan["to_version"]["name"]:
        found.append(f"Trove still shows {recorded} for the cluster as a whole: its API has no "
                     "route to set that; each member shows its own version.")
    if resting:
        found.append(f"Still at rest, because it could not be let go on: {', '.join(resting)}. The "
                     "next run of an upgrade does it, or do it by hand.")
    return found
