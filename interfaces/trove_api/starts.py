"""One start of an upgrade: hold the cluster, start the workflow, or leave everything as it was.

A start that was given up can't come to life later: the workflow carries the moment since when the
cluster is held for it, and refuses to work under any other hold.
"""
import logging
import threading
import time
from datetime import datetime
from typing import Any

import webob.exc
from trove.cluster.models import Cluster

from ...planning.lock_names import START_TOKEN
from ...planning.stuck import cluster_hint
from . import holds, mistral, owners
from .config import options

LOG = logging.getLogger(__name__)
ASK_AGAIN_SEC = (1, 2, 4, 8, 15, 30)


def start(context: Any, cluster: Cluster, version_id: str) -> str:
    """Hold the cluster and start its upgrade as the caller; the id of the execution.

    :raises webob.exc.HTTPUnprocessableEntity: the cluster is busy.
    :raises webob.exc.HTTPServiceUnavailable: Mistral does not start it; with Retry-After.
    :raises webob.exc.HTTPForbidden: Mistral does not let the caller start it.
    """
    try:
        key = mistral.start_key()
    except mistral.Silent as error:
        LOG.error("Mistral does not answer: %s", error)
        raise unavailable("Mistral can't be reached. Nothing was changed; try again.") from error
    since = hold(context, cluster.id)
    begun = Start(context, cluster.id, since, key)
    where = mistral.region(context)
    begun.run({**({"region": where} if where else {}), **options().workflow_inputs,
               "cluster_id": cluster.id, "datastore_version": version_id})
    return begun.execution_id


def hold(context: Any, cluster_id: str) -> datetime:
    """Take Trove's task, also from an upgrade that is over; since when it is ours.

    :raises webob.exc.HTTPUnprocessableEntity: somebody has it; the message names who.
    """
    since = holds.take(cluster_id)
    if since:
        return since
    row = holds.read(cluster_id)
    if row is None:
        raise webob.exc.HTTPNotFound(f"Cluster {cluster_id} cannot be found.")
    if row.task_status != holds.HELD:
        raise busy(cluster_id, row.task_status.name)
    verdict = owners.judge(context, cluster_id, row.updated)
    since = holds.take_over(cluster_id, row.updated) if verdict.over else None
    if since:
        LOG.warning("The upgrade that held cluster %s is over without having given it back; "
                    "another one takes it over.", cluster_id)
        return since
    raise webob.exc.HTTPUnprocessableEntity(
        verdict.words or "Another upgrade of this cluster has just begun. Wait for it.")


def busy(cluster_id: str, task: str) -> webob.exc.HTTPUnprocessableEntity:
    """In Trove's words, and what to do, also when the task never ends."""
    return webob.exc.HTTPUnprocessableEntity(
        "This action cannot be performed on the cluster while the current cluster task is "
        f"'{task}'. Wait until it is over. {cluster_hint(cluster_id)}")


class Start:
    """An execution that is to begin under a hold of a cluster."""

    def __init__(self, context: Any, cluster_id: str, since: datetime, key: str):
        self.execution_id = holds.execution_of(cluster_id, since, key)
        self._context = context
        self._cluster_id = cluster_id
        self._since = since

    def run(self, inputs: dict[str, Any]) -> None:
        """Returns when it has begun, raises when it has not; then the cluster is free again."""
        env = {START_TOKEN: self._since.isoformat()}
        try:
            mistral.as_caller(self._context).start(self.execution_id, inputs, env)
        except mistral.Refused as error:
            self._look_after(f"Mistral refused the start: {error}", error.status)
        except mistral.Silent as error:
            LOG.error("Mistral does not answer: %s", error)
            if error.unsent:
                self._give_up("Mistral can't be reached.")
            self._look_after("Mistral did not start the upgrade in time.")
        except BaseException:
            self._settle_later()
            raise

    def _look_after(self, words: str, refusal: int = 0) -> None:
        """No clear answer: the execution may have begun all the same."""
        try:
            begun = mistral.as_caller(self._context).state(self.execution_id)
        except (mistral.Silent, mistral.Refused) as error:
            self._settle_later()
            raise unavailable(
                "Mistral does not answer, so it can't be told yet whether the upgrade has begun. "
                "If not, the cluster is given back as soon as Mistral answers.") from error
        if begun is None:
            self._give_up(words, refusal)

    def _give_up(self, words: str, refusal: int = 0) -> None:
        holds.give_back(self._cluster_id, self._since)
        LOG.error("Upgrade of cluster %s not started: %s", self._cluster_id, words)
        if refusal == 403:
            raise webob.exc.HTTPForbidden(f"{words} Ask for the right to create executions.")
        raise unavailable(f"{words} Nothing was changed; try again.")

    def _settle_later(self) -> None:
        threading.Thread(target=self._settle, name=f"settle-{self.execution_id}",
                         daemon=True).start()

    def _settle(self) -> None:
        """Ask until Mistral knows. Dies with the service; then the next upgrade takes over."""
        for pause in _pauses():
            time.sleep(pause)
            row = holds.read(self._cluster_id)
            if row is None or (row.task_status, row.updated) != (holds.HELD, self._since):
                return
            try:
                state = self._reader().state(self.execution_id)
            except (mistral.Silent, mistral.Refused) as error:
                LOG.info("Is execution %s there? %s", self.execution_id, error)
                continue
            if state is None and holds.give_back(self._cluster_id, self._since):
                LOG.warning("Upgrade of cluster %s was not started; it is given back.",
                            self._cluster_id)
            return

    def _reader(self) -> mistral.Mistral:
        """The service user, whose token does not end; the caller where there is none."""
        try:
            service = mistral.as_service()
        except mistral.Silent:
            return mistral.as_caller(self._context)
        return service if service.sees_all() else mistral.as_caller(self._context)


def unavailable(words: str) -> webob.exc.HTTPServiceUnavailable:
    """503 that says when to come again."""
    return webob.exc.HTTPServiceUnavailable(
        words, headers=[("Retry-After", str(options().retry_after_sec))])


def _pauses():
    yield from ASK_AGAIN_SEC
    while True:
        yield ASK_AGAIN_SEC[-1]
