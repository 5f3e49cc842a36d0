"""Tells others of an upgrade by oslo notifications, as Trove tells of its own work.

A publisher: Mistral hands it every transition of every execution, in the notifier, outside of all
steps, so that sending neither delays nor fails one. Switched on by two settings of mistral.conf:
an entry of type ``trove_upgrade_notifications`` in ``[notifier] notify``, and
``[oslo_messaging_notifications] driver``.
"""
import functools
import logging
import queue
import socket
import threading
from contextlib import contextmanager
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_context.context import RequestContext

from ..services import sessions
from ..services.errors import explain
from ..services.record import WAVE
from . import events

try:
    from mistral import context as mistral_context
    from mistral.db.v2 import api as db_api
    from mistral.notifiers.base import NotificationPublisher
    from mistral.workflow import data_flow, states
except ImportError:   # documentation and tests without Mistral
    NotificationPublisher = object  # type: ignore[assignment,misc]

LOG = logging.getLogger(__name__)
OPTIONS = "oslo_messaging_notifications"
PLANNING = ("trove_upgrade.upgrade", "trove_upgrade.prepare")    # on the way to the plan
WAITING = 1000      # messages that are kept while the broker is away


class UpgradeNotifications(NotificationPublisher):
    """Sends a notification for each transition that planning.events knows."""

    def publish(self, ctx: Any, ex_id: str, data: dict[str, Any], event: str, timestamp: Any,
                **kwargs: Any) -> None:
        kind = events.event_type(data, event)
        if kind is None or not (outbox := _outbox()):
            return
        data = {**data, "project_id": data["project_id"] or _callers_project(ex_id)}
        given, answer, plan, chosen = _read(ex_id, data)
        if not events.is_dry_run(given):
            about = events.payload(data, event, str(timestamp), given, answer, plan,
                                   chosen)
            # Of the caller's context only the project: receivers choose by it.
            outbox.put(RequestContext(project_id=data["project_id"]), kind, about)


class Outbox:
    """Sends in a thread of its own, in order.

    oslo.messaging waits for a broker that is away, and so would the notifier's threads, one after
    the other, until none is left to give a lock back.
    """

    def __init__(self, notifier: oslo_messaging.Notifier):
        self._notifier = notifier
        self._waiting: queue.Queue[tuple] = queue.Queue(WAITING)
        threading.Thread(target=self._send, daemon=True).start()

    def put(self, *message: Any) -> None:
        """Send (context, event type, payload) when it is its turn."""
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            LOG.error("The broker is away: notification %s is not sent", message[1])

    def _send(self) -> None:
        while True:
            message = self._waiting.get()
            try:
                self._notifier.info(*message)
            except Exception:
                LOG.exception("Notification %s could not be sent", message[1])


class _ContextSerializer(oslo_messaging.NoOpSerializer):
    """Contexts as dicts; the plain one would put the object itself into the message."""

    def serialize_context(self, context: Any) -> dict[str, Any]:
        return context if isinstance(context, dict) else context.to_dict()


@functools.lru_cache(maxsize=1)
def _outbox() -> Outbox | None:
    """Where oslo.messaging's own options say to send to; None when no driver is set."""
    transport = oslo_messaging.get_notification_transport(cfg.CONF)
    if not cfg.CONF[OPTIONS].driver:
        return None
    return Outbox(oslo_messaging.Notifier(transport, f"trove-upgrade.{socket.gethostname()}",
                                          serializer=_ContextSerializer()))


def _callers_project(ex_id: str) -> str | None:
    """The project of what called it: Mistral's engine has begun it in nobody's name (see
    services.rights.complete)."""
    with _all_projects(), db_api.transaction(read_only=True):
        execution = db_api.get_workflow_execution(ex_id)
        while not execution.project_id and execution.task_execution_id:
            execution = db_api.get_task_execution(execution.task_execution_id).workflow_execution
        return execution.project_id


def _read(ex_id: str, data: dict[str, Any]) -> tuple[dict, dict, dict | None, dict | None]:
    """Input and output of the execution, the upgrade's plan, and the execution's member.

    From Mistral's database, not from its API: a token may have expired by now.
    """
    notes_project = _notes_project(data)
    with _all_projects(), db_api.transaction(read_only=True):
        execution = db_api.get_workflow_execution(ex_id)
        given, answer = dict(execution.input or {}), dict(execution.output or {})
        owner = db_api.load_workflow_execution(events.owner(data, given))
        if owner is None or owner.project_id != data["project_id"]:
            return given, answer, None, None    # it says to be a part of another's run
        return given, answer, _plan(owner), _chosen(owner.id, given.get("member", ""),
                                                    notes_project)


def _notes_project(data: dict[str, Any]) -> str | None:
    """The project whose notes are believed: the service user's, else the execution's own.

    None when Keystone can't say it now: a notification is not held up for that.
    """
    try:
        service = sessions.service()
        return service.project_id if service else data["project_id"]
    except Exception as error:  # noqa: BLE001  Mistral would log the whole of it, token and all
        LOG.warning("What a member was when it was chosen is not told: %s", explain(error).message)
        return None


def _chosen(owner: str, member: str, project_id: str | None) -> dict[str, Any] | None:
    """The member as it was when it was chosen; None when others have been chosen since."""
    found = db_api.get_environments(name=WAVE + owner) if member else []
    waves = [one.variables for one in found if one.project_id == project_id]
    return next((one["members"][member] for one in waves if member in one["members"]), None)


def _plan(owner: Any) -> dict[str, Any] | None:
    """What the run's first step has answered; it is called inside a transaction."""
    below = list(owner.task_executions)
    while below:
        task = below.pop()
        if task.name == "make_plan" and task.state == states.SUCCESS:
            return data_flow.get_task_execution_result(task)
        below += [one for child in task.workflow_executions if child.workflow_name in PLANNING
                  for one in child.task_executions]
    return None


@contextmanager
def _all_projects():
    """The context of Mistral's own housekeeping; the caller's again afterwards."""
    before = mistral_context.ctx() if mistral_context.has_ctx() else None
    mistral_context.set_ctx(mistral_context.MistralContext(is_admin=True))
    try:
        yield
    finally:
        mistral_context.set_ctx(before)
