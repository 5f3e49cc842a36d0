"""The members of the lab: their servers, their heartbeats, and the swap that upgrades one."""
import eventlet
from eventlet.semaphore import Semaphore
from oslo_log import log as logging
from oslo_utils import timeutils
from trove.instance.service_status import ServiceStatuses

from ..kinds import kind
from ..kinds.nothing import Nothing
from ..kinds.server import Silent, StartError
from .state import state

LOG = logging.getLogger(__name__)
SETTLE_SEC = 30          # how long a fresh server may take to see its cluster whole
BELIEVED_SEC = 20        # how long the same word need not be written again; Trove takes 60


class Member:
    """One Trove instance of the lab."""

    def __init__(self, instance, manager: str, version: str):
        self.id, self.name = instance.id, instance.name
        self.server_id = instance.compute_instance_id
        self.address = state().address_of(self.server_id)
        self.version, self.role = version, ""
        self.server = _server(instance, manager, self.address)
        self.busy = Semaphore(1)       # held while the guest works on the server
        self.announced = False         # work on the server is about to begin
        self.failed = False            # sticky: a heartbeat must not hide it
        self.deleted = False

    def journal(self, event: str, **facts) -> None:
        state().journal(self, event, **facts)

    def prepare(self) -> None:
        """An empty data directory, and the first start on it."""
        self.server.prepare()
        if kind(state().settings.kind).starts_alone:
            self.server.furnish(self.version)
        self.journal("prepared", address=self.address)

    def swap(self, version: str, pause_sec: float, fault: dict | None = None) -> None:
        """Stop the server, wait, start `version` on the same data, report how it went."""
        fault = fault or {}
        with self.busy:
            self.failed = self.announced = False
            self._stop(version)
            eventlet.sleep(fault.get("seconds") or pause_sec)
            try:
                self._start(version, fault.get("fault", ""))
            except StartError as error:
                self.failed = True
                self.journal("failed", wanted=version, reason=str(error))
                self.report(ServiceStatuses.FAILED)

    def beat(self) -> None:
        """Tell Trove how the server is, unless the guest is at work on it.

        A real agent's heartbeat may also come after Trove has asked for an upgrade and before
        the work begins; here that happens on demand only (the fault early_heartbeat).
        """
        if self.busy.locked():
            return
        status = self._health()
        if not (self.busy.locked() or self.announced or self.failed):
            self.report(status)

    def beat_for_ever(self) -> None:
        """The guest agent's heartbeat, until the instance is deleted."""
        while not self.deleted:
            eventlet.sleep(state().settings.heartbeat_sec)
            try:
                self.beat()
            except Exception:  # noqa: BLE001  one missed beat must not be the last
                LOG.exception("no heartbeat of %s", self.name)

    def report(self, status) -> None:
        """Write the service status into Trove's database, as its conductor would."""
        from trove.instance.models import InstanceServiceStatus
        if self.deleted:
            return
        row = InstanceServiceStatus.find_by(instance_id=self.id)
        stale = not row.updated_at or timeutils.is_older_than(row.updated_at, BELIEVED_SEC)
        if stale or row.status_id != status.code:
            row.set_status(status)
            row.save()

    def _stop(self, wanted: str) -> None:
        self.role = self.server.role()
        self.journal("stopping", wanted=wanted)
        self.journal("stopped", wanted=wanted, how=self.server.stop())

    def _start(self, version: str, fault: str) -> None:
        if fault == "never_starts":
            self.journal("failed", wanted=version, reason="fault: never started")
            return
        running = self.version if fault == "wrong_version" else version
        self.journal("starting", wanted=version, starts=running, fault=fault)
        self.server.start(running, *(self.server.bad_options if fault == "does_not_start" else ()))
        if fault == "hangs":
            self.server.freeze()
            self.journal("failed", wanted=version, reason="fault: frozen at its start")
            return
        self.server.wait_until_serving()
        self.version, self.role = running, self.server.role()
        self.journal("serving", wanted=version)
        self._settle()

    def _settle(self) -> None:
        """Say HEALTHY as soon as the server sees its cluster whole."""
        with eventlet.Timeout(SETTLE_SEC, False):
            while self._health() is not ServiceStatuses.HEALTHY:
                eventlet.sleep(0.05)
        self.report(self._health())
        self.journal("healthy")

    def _health(self):
        try:
            whole = self.server.is_whole()
        except Silent:
            return ServiceStatuses.SHUTDOWN
        return ServiceStatuses.HEALTHY if whole else ServiceStatuses.RUNNING


def _server(instance, manager: str, address: str):
    """Of the lab's own kind; members of other datastores run nothing."""
    settings = state().settings
    own = kind(settings.kind)
    if manager != own.manager:
        return Nothing()
    return own.server(instance, state().directory / "data" / instance.id, address, settings)


def release(server_id: str) -> None:
    """The compute server is gone, and with it what ran on it."""
    for member in list(state().members.values()):
        if member.server_id == server_id and not member.deleted:
            member.deleted = True
            member.server.kill()
            member.journal("deleted")


def end_all() -> None:
    """End every server at once, without eventlet: the lab is over, its data goes too."""
    for member in state().members.values():
        member.deleted = True
        member.server.end()
