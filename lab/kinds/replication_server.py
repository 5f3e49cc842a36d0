"""A server of a replication set: where Trove's guest calls of replication end.

Runs in Trove's process, so every wait here is eventlet's.
"""
import abc
from pathlib import Path
from typing import Any

from .server import ServerProcess


class ReplicatingServer(ServerProcess):
    """A server that can be a source and a replica of another one.

    An `origin` is what Trove carries from the source's guest to a replica's:
    {"master": {"host", "port"}, "replica_conf": {"replication_user": {"name", "password"},
    "log_position": {}}}.
    """

    unprivileged = True

    @abc.abstractmethod
    def backup(self, target: Path) -> None:
        """A copy of the running server's data in `target`, which is not there yet."""

    @abc.abstractmethod
    def restore(self, source: Path) -> None:
        """Take a backup for the data of a server that has not been started yet."""

    @abc.abstractmethod
    def origin(self) -> dict[str, Any]:
        """What another server needs to replicate from this one."""

    @abc.abstractmethod
    def begin_as_replica(self, origin: dict[str, Any], version: str) -> None:
        """First start on restored data, as a replica."""

    @abc.abstractmethod
    def attach(self, origin: dict[str, Any], restart: bool) -> None:
        """Replicate from another server; restart: at once, not only when `demote` is called."""

    @abc.abstractmethod
    def detach(self, for_failover: bool) -> None:
        """Replicate no more; for_failover: because the role of the source moves."""

    @abc.abstractmethod
    def lead(self) -> None:
        """Be a source."""

    @abc.abstractmethod
    def set_read_only(self, read_only: bool) -> None:
        """As Trove's guest of this datastore does it."""

    @abc.abstractmethod
    def position(self) -> str:
        """How far this server is, in the datastore's own words."""

    @abc.abstractmethod
    def wait_for(self, position: str, timeout: float) -> None:
        """Return when a replica has applied as much; StartError when it does not."""

    @abc.abstractmethod
    def demote(self) -> None:
        """A source no more: what `attach` has left to be done."""

    def last_transaction(self) -> tuple[str, int]:
        """(whose transactions, how many), by which Trove finds the most current replica."""
        raise NotImplementedError("Trove's guest of this datastore does not tell it either")

    def restart(self) -> None:
        """Stop it, and start it again on its version; returns when it answers."""
        self.stop()
        self.start(self.version)
        self.wait_until_serving()
