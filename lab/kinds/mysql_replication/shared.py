"""What a MySQL and a MariaDB server of the lab have in common.

Runs in Trove's process, so every wait here is eventlet's.
"""
import abc
import shutil
import subprocess
from pathlib import Path
from typing import Any

import eventlet
import pymysql

from ..archive import environment
from ..replication import REPLICATOR
from ..replication_server import ReplicatingServer
from ..server import Silent, StartError
from . import native

CONFIGURATION = """\
[mysqld]
datadir = {directory}/data
tmpdir = {directory}/tmp
socket = {directory}/mysqld.sock
pid_file = {directory}/mysqld.pid
log_error = {directory}/server.log
bind_address = {address}
port = {port}
server_id = {number}
log_bin = binlog
binlog_format = ROW
relay_log = relay
skip_name_resolve = ON
max_connections = 60
performance_schema = OFF
innodb_buffer_pool_size = 32M
innodb_log_file_size = 24M
{more}!includedir {directory}/conf.d
"""
REPLICA = "[mysqld]\nread_only = ON\n"


class SQLServer(ReplicatingServer):
    """One member's server.

    :cvar program: the server, below where its version is unpacked.
    :cvar more: further lines of the configuration.
    :cvar status: the statement that tells how a replica is.
    :cvar init_sql: statements of a new source's first start, with ``{password}``.
    """

    bad_options = ("--this-option-does-not-exist",)
    logs = ("server.log", "server.out")
    program: str
    more: str
    status: str
    init_sql: str

    # What each knows
    @abc.abstractmethod
    def install(self, version: str) -> None:
        """Make a data directory with nothing in it."""

    @abc.abstractmethod
    def follow(self, origin: dict[str, Any], restored: bool) -> None:
        """Replicate from there, from where the data end: of a backup, or of its own."""

    # Life
    def prepare(self) -> None:
        for name in ("tmp", "conf.d"):
            (self.directory / name).mkdir(parents=True)
        third, fourth = (int(part) for part in self.address.split(".")[2:])
        (self.directory / "my.cnf").write_text(CONFIGURATION.format(
            directory=self.directory, address=self.address, port=self.settings.port,
            number=third * 256 + fourth, more=self.more))
        self.take_over()

    def furnish(self, version: str) -> None:
        self.install(version)
        secret = self.directory / "init.sql"
        secret.touch(mode=0o600)
        secret.write_text(self.init_sql.format(password=self.settings.password))
        self.start(version, f"--init-file={secret}")
        self.wait_until_serving()
        secret.unlink()

    def command(self, binary: str) -> list[str]:
        return [f"{binary}/{self.program}", f"--defaults-file={self.directory}/my.cnf",
                f"--basedir={binary}/usr", f"--lc-messages-dir={binary}/usr/share/mysql",
                f"--plugin-dir={binary}/usr/lib/mysql/plugin"]

    def environment(self, binary: str) -> dict[str, str]:
        return environment(binary)

    def ask(self, statement: str, *values: Any) -> list[dict]:
        return native.ask(self.address, self.settings, statement, *values)

    def following(self) -> dict[str, Any]:
        """See :func:`native.following`."""
        return native.following(self.address, self.settings, self.status)

    def answers(self) -> bool:
        try:
            return bool(self.ask("select 1"))
        except (pymysql.Error, OSError):
            return False

    def role(self) -> str:
        try:
            return "replica" if self.following() else "primary"
        except (pymysql.Error, OSError):
            return ""

    def is_whole(self) -> bool:
        try:
            status = self.following()
        except (pymysql.Error, OSError) as error:
            raise Silent(str(error)) from error
        return not status or native.in_step(status)

    # Replication
    @property
    def data(self) -> Path:
        return self.directory / "data"

    def restore(self, source: Path) -> None:
        shutil.copytree(source, self.data)
        self.take_over()

    def origin(self) -> dict[str, Any]:
        return {"master": {"host": self.address, "port": self.settings.port},
                "replica_conf": {"log_position": {}, "replication_user": {
                    "name": REPLICATOR, "password": self.settings.password}}}

    def begin_as_replica(self, origin: dict[str, Any], version: str) -> None:
        (self.directory / "conf.d/replica.cnf").write_text(REPLICA)
        self.start(version)
        self.wait_until_serving()
        self.follow(origin, restored=True)

    def attach(self, origin: dict[str, Any], restart: bool) -> None:
        """With a restart in any case, as Trove's guest does it."""
        (self.directory / "conf.d/replica.cnf").write_text(REPLICA)
        self.restart()
        self.follow(origin, restored=False)

    def lead(self) -> None:
        """Its binary log is always on, so there is nothing to do."""

    def set_read_only(self, read_only: bool) -> None:
        self.ask("set global read_only = %s", int(read_only))

    def demote(self) -> None:
        """Already done by `attach`."""

    def wait_until_in_step(self) -> None:
        """Return when it keeps up with its source; StartError when it does not in a minute."""
        with eventlet.Timeout(60, StartError("its replication does not start")):
            while not native.in_step(self.following()):
                eventlet.sleep(0.05)

    def root(self, version: str) -> str:
        """Where a version is unpacked."""
        return self.settings.binaries[version]

    def run(self, version: str, *command: str) -> None:
        """One of the server's own programs; StartError with its last words when it fails."""
        done = subprocess.run(command, cwd=self.directory, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False,
                              env=self.environment(self.root(version)), **self.identity())
        if done.returncode:
            words = " ".join(done.stdout.split()[-40:]) or self.last_words()
            raise StartError(f"{Path(command[0]).name}: {words}")
