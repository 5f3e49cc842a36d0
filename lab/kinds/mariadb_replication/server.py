"""The real thing in the lab: one MariaDB server that replicates by GTID.

Runs in Trove's process, so every wait here is eventlet's.
"""
import shutil
import subprocess
from pathlib import Path
from typing import Any

import eventlet
import pymysql

from .. import mariadb
from ..replication import APPLICATION, REPLICATOR, UPGRADER
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
log_slave_updates = ON
binlog_format = ROW
relay_log = relay
gtid_domain_id = 0
slave_net_timeout = 5
skip_name_resolve = ON
max_connections = 60
performance_schema = OFF
innodb_buffer_pool_size = 32M
innodb_log_file_size = 24M
!includedir {directory}/conf.d
"""
REPLICA = "[mysqld]\nread_only = ON\n"
FURNITURE = f"""
create user {REPLICATOR}@'%' identified by '{{password}}';
grant all on *.* to {REPLICATOR}@'%' with grant option;
create user {APPLICATION}@'%' identified by '{{password}}';
create user {UPGRADER}@'%' identified by '{{password}}';
grant slave monitor on *.* to {UPGRADER}@'%';
create database {native.SCHEMA};
create table {native.SCHEMA}.kv (k varchar(64) primary key, v varchar(255) not null) engine=InnoDB;
grant select, insert, update on {native.SCHEMA}.kv to {APPLICATION}@'%';
"""
FOLLOW = """\
change master to master_host = %s, master_port = %s, master_user = %s, master_password = %s,
master_connect_retry = 1, master_use_gtid = slave_pos"""


class MariaDB(ReplicatingServer):
    """One member's MariaDB."""

    bad_options = ("--this-option-does-not-exist",)
    logs = ("server.log", "server.out")

    def prepare(self) -> None:
        for name in ("tmp", "conf.d"):
            (self.directory / name).mkdir(parents=True)
        third, fourth = (int(part) for part in self.address.split(".")[2:])
        (self.directory / "my.cnf").write_text(CONFIGURATION.format(
            directory=self.directory, address=self.address, port=self.settings.port,
            number=third * 256 + fourth))
        self.take_over()

    def furnish(self, version: str) -> None:
        self._run(version, "mariadb-install-db", "--no-defaults", f"--datadir={self.data}",
                  f"--basedir={self._root(version)}/usr", "--skip-test-db",
                  "--auth-root-authentication-method=normal")
        secret = self.directory / "init.sql"
        secret.touch(mode=0o600)
        secret.write_text(FURNITURE.format(password=self.settings.password))
        self.start(version, f"--init-file={secret}")
        self.wait_until_serving()
        secret.unlink()

    def command(self, binary: str) -> list[str]:
        return [f"{binary}/usr/sbin/mariadbd", f"--defaults-file={self.directory}/my.cnf",
                f"--basedir={binary}/usr", f"--lc-messages-dir={binary}/usr/share/mysql",
                f"--plugin-dir={binary}/usr/lib/mysql/plugin"]

    def environment(self, binary: str) -> dict[str, str]:
        return mariadb.environment(binary)

    def ask(self, statement: str, *values: Any) -> list[dict]:
        return native.ask(self.address, self.settings, statement, *values)

    def answers(self) -> bool:
        try:
            return bool(self.ask("select 1"))
        except (pymysql.Error, OSError):
            return False

    def role(self) -> str:
        try:
            return "replica" if self.ask("show slave status") else "primary"
        except (pymysql.Error, OSError):
            return ""

    def is_whole(self) -> bool:
        try:
            status = self.ask("show slave status")
        except (pymysql.Error, OSError) as error:
            raise Silent(str(error)) from error
        return not status or native.follows(status)

    # Replication
    @property
    def data(self) -> Path:
        return self.directory / "data"

    def backup(self, target: Path) -> None:
        """By mariadb-backup, as Trove's guest does; made ready to be copied back."""
        target.parent.mkdir(exist_ok=True)
        target.mkdir()
        self.give(target)
        options = self.directory / "backup.cnf"
        options.touch(mode=0o600)
        options.write_text(f"[client]\nhost={self.address}\nport={self.settings.port}\n"
                           f"user={REPLICATOR}\npassword={self.settings.password}\n")
        self.give(options)
        own = f"--defaults-file={options}"
        try:
            self._run(self.version, "mariadb-backup", own, "--backup",
                      f"--datadir={self.data}", f"--target-dir={target}")
            self._run(self.version, "mariadb-backup", "--no-defaults", "--prepare",
                      f"--target-dir={target}")
        finally:
            options.unlink()

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
        found = next(self.data.glob("*_binlog_info")).read_text().split()
        self._follow(origin, found[2] if len(found) > 2 else "")

    def attach(self, origin: dict[str, Any], restart: bool) -> None:
        """With a restart in any case, as Trove's guest does it. Unlike there the position is taken
        from the binary log, too: a former source has none from replication."""
        (self.directory / "conf.d/replica.cnf").write_text(REPLICA)
        self.restart()
        self._follow(origin, self.position())

    def detach(self, for_failover: bool) -> None:
        self.ask("stop slave")
        self.ask("reset slave all")
        (self.directory / "conf.d/replica.cnf").unlink(missing_ok=True)
        self.restart()

    def lead(self) -> None:
        """Its binary log is always on, so there is nothing to do."""

    def set_read_only(self, read_only: bool) -> None:
        self.ask("set global read_only = %s", int(read_only))

    def position(self) -> str:
        return self.ask("select @@global.gtid_current_pos as p")[0]["p"]

    def last_transaction(self) -> tuple[str, int]:
        *_, server, sequence = self.position().rsplit("-", 2)
        return server, int(sequence)

    def wait_for(self, position: str, timeout: float) -> None:
        if self.ask("select master_gtid_wait(%s, %s) as late", position, timeout)[0]["late"]:
            raise StartError(f"it has not come to {position}")

    def demote(self) -> None:
        """Already done by `attach`."""

    def _follow(self, origin: dict[str, Any], position: str) -> None:
        user, master = origin["replica_conf"]["replication_user"], origin["master"]
        self.ask("set global gtid_slave_pos = %s", position)
        self.ask(FOLLOW, master["host"], master["port"], user["name"], user["password"])
        self.ask("start slave")
        with eventlet.Timeout(60, StartError("its replication does not start")):
            while not native.follows(self.ask("show slave status")):
                eventlet.sleep(0.05)

    def _root(self, version: str) -> str:
        return self.settings.binaries[version]

    def _run(self, version: str, program: str, *arguments: str) -> None:
        """One of the server's own programs; StartError with its last words when it fails."""
        done = subprocess.run([f"{self._root(version)}/usr/bin/{program}", *arguments],
                              cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, env=self.environment(self._root(version)), check=False,
                              **self.identity())
        if done.returncode:
            raise StartError(f"{program}: {' '.join(done.stdout.split()[-40:])}")
