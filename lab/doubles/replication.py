"""The guest's calls for backups and replication, done on the members' real servers.

Where Trove's agent puts a backup into Swift this one keeps it in the lab's directory, and tells
Trove's database what its conductor would.
"""
from pathlib import Path

import eventlet
from oslo_log import log as logging
from trove.backup.state import BackupState
from trove.common import exception
from trove.instance.service_status import ServiceStatuses

from ..kinds.server import StartError
from .state import state

LOG = logging.getLogger(__name__)
WAIT_SEC = 60


class ReplicationCalls:
    """What trove.guestagent.api offers for them. `self.member` is the guest's own."""

    # Backups
    def backup_required_for_replication(self):
        return True

    def create_backup(self, backup_info):
        eventlet.spawn(self._backup, backup_info)

    def _backup(self, backup_info):
        record = _record(backup_info["id"])
        record.state = BackupState.BUILDING
        record.save()
        try:
            self.member.server.backup(_place(backup_info["id"]))
        except Exception:
            record.state = BackupState.FAILED
            record.save()
            raise
        # Without a location Trove does not look for it in Swift when it is deleted.
        record.size, record.state, record.backup_type = 0.1, BackupState.COMPLETED, "lab"
        record.save()
        self.member.journal("backed_up", backup=backup_info["id"])

    # A new replica, or an instance made of a backup
    def restore(self, member, backup_info, snapshot):
        """The data of a backup instead of an empty directory; with a snapshot as a replica."""
        server = member.server
        server.prepare()
        server.restore(_place(backup_info["id"]))
        if snapshot:
            server.begin_as_replica(snapshot, member.version)
        else:
            server.start(member.version)
            server.wait_until_serving()
        member.journal("prepared", address=member.address, replica=bool(snapshot))

    def get_replication_snapshot(self, snapshot_info=None, replica_source_config=None):
        self._backup(snapshot_info)
        usage = self.get_volume_info()
        return {**self.member.server.origin(), "replication_strategy": "lab",
                "dataset": {"datastore_manager": self.manager, "dataset_size": usage["used"],
                            "volume_size": usage["total"], "snapshot_id": snapshot_info["id"]}}

    # Moving the role of the source
    def get_replica_context(self):
        return self.member.server.origin()

    def attach_replica(self, replica_info, slave_config, restart=False):
        with self._at_work("attached", to=replica_info["master"]["host"]) as member:
            member.server.attach(replica_info, restart)

    def detach_replica(self, for_failover=False):
        with self._at_work("detached") as member:
            return member.server.detach(for_failover)

    def enable_as_master(self, replica_source_config):
        with self._at_work("leads") as member:
            member.server.lead()

    def make_read_only(self, read_only):
        with self._at_work("read_only" if read_only else "read_write") as member:
            member.server.set_read_only(read_only)

    def demote_replication_master(self):
        with self._at_work("demoted") as member:
            member.server.demote()

    def cleanup_source_on_replica_detach(self, replica_info):
        """Each replica has the same user here, so there is none to drop."""

    # How far they are
    def get_latest_txn_id(self):
        return self.member.server.position()

    def get_last_txn(self):
        """(whose transactions, how many), by which Trove finds the most current replica."""
        return self.member.server.last_transaction()

    def wait_for_txn(self, txn):
        with self._at_work("caught_up"):
            self.member.server.wait_for(txn, WAIT_SEC)

    def _at_work(self, event, **facts):
        return _Work(self.member, event, facts)


class _Work:
    """The guest is at work on the server: no heartbeat meanwhile, a GuestError when it fails."""

    def __init__(self, member, event, facts):
        self.member, self.event, self.facts = member, event, facts

    def __enter__(self):
        self.member.busy.acquire()
        return self.member

    def __exit__(self, kind, error, trace):
        self.member.busy.release()
        if error is None:
            self.member.role = self.member.server.role()
            self.member.journal(self.event, **self.facts)
        elif isinstance(error, StartError):
            self.member.journal("failed", reason=f"{self.event}: {error}")
            if not self.member.server.answers():
                self.member.report(ServiceStatuses.FAILED)
            raise exception.GuestError(original_message=str(error)) from error


def _record(backup_id):
    from trove.backup.models import DBBackup
    return DBBackup.find_by(id=backup_id)


def _place(backup_id) -> Path:
    return state().directory / "backups" / backup_id
