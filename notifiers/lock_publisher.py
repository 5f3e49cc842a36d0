"""What unlocks a cluster when no handler of a workflow runs: a cancel, a state set by hand.

Switched on by one line in mistral.conf:
``[notifier] notify = [{"type": "trove_upgrade", "event_types": ["WORKFLOW_CANCELLED",
"WORKFLOW_FAILED", "WORKFLOW_SUCCEEDED"]}]``
"""
import logging
from types import SimpleNamespace
from typing import Any

from ..ownership.lock import Lock, held_by
from ..ownership.start_token import give_back_start
from ..planning.executions import ENDED, UPGRADES
from ..planning.groups import named_in
from ..planning.lock_names import START_TOKEN
from ..services import rights, sessions
from ..services.errors import explain
from ..services.executions import ExecutionReader
from ..services.record import Record

try:
    from mistral.notifiers.base import NotificationPublisher
except ImportError:   # documentation and tests without Mistral
    NotificationPublisher = object  # type: ignore[assignment,misc]

LOG = logging.getLogger(__name__)
HOLDERS = (*UPGRADES, "trove_upgrade.finalize")


class LockPublisher(NotificationPublisher):
    """Gives lock and rights back when the execution that has them is over.

    Mistral calls it for every execution of a tree, with the context of who ended it: often a token
    that has run out. So the service user does it, where there is one.
    """

    def publish(self, ctx: Any, ex_id: str, data: dict[str, Any], event: str, timestamp: Any,
                **kwargs: Any) -> None:
        if data.get("state") not in ENDED or data.get("workflow_name") not in HOLDERS:
            return
        try:
            self._give_back(ctx, ex_id, data["state"])
        except Exception as error:  # noqa: BLE001  Mistral would log the whole of it, token and all
            LOG.error("What execution %s held could not be given back: %s", ex_id,
                      explain(error).message)

    def _give_back(self, ctx: Any, run: str, state: str) -> None:
        context = SimpleNamespace(security=ctx, execution=SimpleNamespace(
            workflow_execution_id=run))
        rights.complete(context)
        actor = rights.acting(context, run)
        try:
            for cluster_id in held_by(sessions.service() or actor, run):
                if Lock(actor, cluster_id, ctx.project_id).release(run):
                    LOG.warning("Execution %s ended as %s without its last steps; the lock of "
                                "cluster %s is given back. Start the upgrade again to finish or to "
                                "undo it.", run, state, cluster_id)
        finally:        # a lock that is left is taken over by the next upgrade
            Record(actor, run).drop()
            rights.drop(run)
        inputs, env = ExecutionReader(actor).asked_for(run) if sessions.service() else ({}, {})
        if give_back_start(run, named_in(inputs), env.get(START_TOKEN, "")):
            LOG.warning("Execution %s ended as %s before it began; its cluster is given back.",
                        run, state)
