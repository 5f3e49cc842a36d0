"""Prometheus's endpoint: Mistral is read when somebody asks, at most every few seconds."""
import datetime
import threading
import time

from prometheus_client import CollectorRegistry, start_http_server

from ..planning.executions import ENDED
from ..workflows import names
from .errors import ClientError, Forbidden
from .metrics import Metrics, Reading
from .progress import ENTRY, MEMBER, ROLLBACK, as_object, seconds
from .services import service_errors

NOTES = "trove_upgrade."
OURS = f"in:{','.join(names())}"
OPEN = "in:RUNNING,PAUSED,IDLE,DELAYED"
OVER = f"in:{','.join(sorted(ENDED))}"
FIELDS = ("id", "workflow_name", "state", "created_at", "updated_at")
STEP_FIELDS = ("id", "name", "state", "created_at", "updated_at")
OVERLAP_SEC = 30        # so late a row may be seen that bears an earlier time
LEAST_SEC = 5.0


class Since:
    """What has ended since the last time, by Mistral's own clock.

    :param ask: is given filters and returns what matches them.
    """

    def __init__(self, ask):
        self._ask, self._newest, self._seen = ask, None, {}

    def begin(self):
        """What has ended by now is not counted."""
        newest = self._ask(sort_keys="updated_at", sort_dirs="desc", limit=1)
        self._newest = seconds(newest[0]["updated_at"]) if newest else None
        self.read()

    def read(self):
        """Return what is new."""
        found = self._ask(**self._window())
        fresh = [one for one in found if one["id"] not in self._seen]
        self._seen |= {one["id"]: seconds(one["updated_at"]) or 0.0 for one in fresh}
        self._newest = max(self._seen.values(), default=self._newest)
        if self._newest is not None:
            self._seen = {one: when for one, when in self._seen.items()
                          if when >= self._newest - OVERLAP_SEC}
        return fresh

    def _window(self):
        if self._newest is None:
            return {}
        begin = datetime.datetime.fromtimestamp(self._newest - OVERLAP_SEC, datetime.UTC)
        return {"updated_at": f"gte:{begin:%Y-%m-%d %H:%M:%S}"}


class Reader:
    """Reads what is told of upgrades.

    :param client: a python-mistralclient.
    :param project_id: whose environments are believed: records and locks are the service user's.
        Empty: an engine of one user, whose are all.
    """

    def __init__(self, client, project_id=""):
        self._client, self._project_id = client, project_id
        self._everywhere = {"all_projects": True} if project_id else {}
        self._ended = Since(lambda **filters: self._executions(
            ENTRY, state=OVER, more=("output",), **filters))
        self._tasks = Since(lambda **filters: [one.to_dict() for one in self._client.tasks.list(
            workflow_name=OURS, state=OVER, fields=STEP_FIELDS, **filters)])
        self._retried = Since(lambda **filters: [
            one.to_dict() for one in self._client.action_executions.list(
                workflow_name=OURS, state="ERROR", accepted=False, fields=STEP_FIELDS, **filters)])
        self._begun = False

    def read(self):
        """Return a Reading.

        :raises ClientError: Mistral can't be read.
        """
        with service_errors():
            if not self._begun:
                self._find_rights()
                self._ended.begin()
                self._tasks.begin()
                self._retried.begin()
                self._begun = True
            gates = self._client.tasks.list(name="choose_wave", state=OPEN, fields=("id",))
            return Reading(
                now=time.time(), upgrades=self._executions(ENTRY, state=OPEN),
                ended=self._ended.read(), tasks=self._tasks.read(),
                retried=self._retried.read(), gates=len(gates),
                members=[one["workflow_name"]
                         for one in self._executions((MEMBER, ROLLBACK), state=OPEN)],
                notes=self._notes())

    def _find_rights(self):
        """Who is no administrator reads of his own project alone."""
        try:
            with service_errors():
                self._client.executions.list(limit=1, fields=("id",), **self._everywhere)
        except Forbidden:
            self._everywhere = {}

    def _executions(self, workflows, more=(), **filters):
        return [one.to_dict() for one in self._client.executions.list(
            workflow_name=f"in:{','.join(workflows)}", fields=(*FIELDS, *more),
            **self._everywhere, **filters)]

    def _notes(self):
        return {one.name: (as_object(one.variables), seconds(one.created_at) or 0.0)
                for one in self._client.environments.list()
                if one.name.startswith(NOTES)
                and self._project_id in ("", getattr(one, "project_id", ""))}


class Exporter:
    """A collector of prometheus_client."""

    def __init__(self, reader):
        self._reader, self._metrics = reader, Metrics()
        self._lock, self._read_at, self._up = threading.Lock(), -LEAST_SEC, False

    def describe(self):
        """Nothing is asked of Mistral before somebody asks us."""
        return []

    def collect(self):
        """Yield the metrics of this moment; while Mistral can't be read, what was counted."""
        with self._lock:
            told = self._metrics
            if time.monotonic() - self._read_at >= LEAST_SEC:
                self._up = self._take()
                told.up.set(self._up)
                self._read_at = time.monotonic()
            now = told.now if self._up else ()
            return [family for one in (told.up, *now, *told.ever) for family in one.collect()]

    def _take(self):
        """Bring the metrics to this moment; return whether Mistral could be read."""
        try:
            self._metrics.take(self._reader.read())
        except ClientError:
            return False
        return True


def serve(reader, port, address="127.0.0.1"):
    """Answer Prometheus in a thread; return the server, whose ``shutdown`` ends it.

    :raises OSError: the port can't be used.
    """
    registry = CollectorRegistry()
    registry.register(Exporter(reader))
    return start_http_server(port, address, registry)[0]
