"""What the executors of a Mistral can do, asked of themselves. Changes nothing."""
import datetime
from typing import Any

from .. import datastores
from ..datastores.addresses import endpoint_of
from ..planning import executors
from ..planning.executors import Answer, Reach
from ..planning.groups import CLUSTER, SET
from ..services import differing, rights, self_check
from ..services.errors import explain
from ..services.members import driver_named, found_now, placed_by
from ..services.sessions import Actor
from ..services.trove import Trove
from ..services.trove_task import TroveTask
from .base import UpgradeAction


class CheckExecutor(UpgradeAction):
    """What the executor that takes this says of itself, see planning.executors.Answer.

    Host, access files, mistral.conf and the words of services are for administrators; others get
    a name without a meaning, the package's version, drivers, the clock, and which members of their
    own cluster it reaches.

    :param run: the execution that people have started.
    :param cluster_id: id or name of a cluster, or of an instance of a replication set, whose
        members it is to reach; empty: none.
    :param kind: ``cluster`` or ``replication_set``.
    :param access: name of the access file.
    :param driver: name of the driver, or ``auto``.
    """

    def __init__(self, run: str, cluster_id: str = "", kind: str = CLUSTER,
                 access: str = "default", driver: str = "auto"):
        super().__init__()
        self.run_id, self.cluster_id, self.kind = run, cluster_id, kind
        self.access, self.driver = access, driver

    def act(self, context: Any) -> Answer:
        """Nobody is waited for: an executor that can't ask a service is to say so."""
        answer = self._of_itself()
        try:
            actor = rights.acting(context, self.run_id)
            operator = rights.is_operator(context)
            answer["clock_ahead_sec"] = self_check.clock_ahead(actor)
        except Exception as error:  # noqa: BLE001  it becomes a part of the answer
            found = explain(error)
            if not found.outage:
                raise
            return answer | {"routes": {"mistral": "Mistral or Keystone can't be reached."}}
        if self.cluster_id:
            self._ask_cluster(context, actor, answer, operator)
        if operator:
            answer |= {"executor": self_check.name(), "settings": self_check.settings(),
                       "access": self_check.access(self.run_id)}
        return answer

    def _of_itself(self) -> Answer:
        return {"executor": self_check.veiled_name(), "package": self_check.package(),
                "drivers": self_check.drivers(), "access": None, "clock_ahead_sec": None,
                "settings": None, "routes": {"mistral": ""}, "upgrade_routes": None, "members": []}

    def _ask_cluster(self, context: Any, actor: Actor, answer: Answer, operator: bool) -> None:
        try:
            answer["members"] = self._reach(context, actor)
            answer["routes"]["trove"] = ""
            if operator and self.kind == CLUSTER:
                answer["upgrade_routes"] = TroveTask(actor, self.cluster_id).look() is not None
        except Exception as error:  # noqa: BLE001  it becomes a part of the answer
            answer["routes"]["trove"] = explain(error).message

    def _reach(self, context: Any, actor: Actor) -> list[Reach]:
        cluster = found_now(Trove(actor), self.kind, self.cluster_id)
        self.cluster_id = cluster["id"]
        name = datastores.choose(self.driver, cluster["datastore"], self.kind == SET)
        driver = driver_named(name, self.access, context.security.project_id or "", cluster["id"],
                              actor)
        members = placed_by(driver, cluster["members"])
        facts, port = driver.read(members), driver.access.get("port")
        return [{"name": one.name,
                 "address": endpoint_of(one.address, port) if port else one.address,
                 "problem": "" if facts[one.id].answers else
                 "; ".join(facts[one.id].problems) or "does not answer"} for one in members]


class CompareExecutors(UpgradeAction):
    """The answers put side by side, see planning.executors.compare.

    What an administrator finds is kept for the notes of later plans: that executors differ, and in
    what; nothing else.

    :param run: the execution that people have started.
    :param answers: of the executors; fewer than ``asks`` where some did not come.
    :param asks: how often it was asked.
    :param executors: how many there are; 0: not known.
    """

    def __init__(self, run: str, answers: list[Any], asks: int, executors: int = 0):
        super().__init__()
        self.run_id, self.answers, self.asks, self.expected = run, answers, asks, executors

    def act(self, context: Any) -> dict[str, Any]:
        actor = rights.acting(context, self.run_id)
        found = executors.compare(self.answers, self.asks, self.expected)
        if rights.is_operator(context):
            differing.keep(actor, found["differing"], datetime.datetime.now(datetime.UTC))
        return found
