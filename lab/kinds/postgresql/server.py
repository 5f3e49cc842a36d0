"""The real thing in the lab: one PostgreSQL server.

Runs in Trove's process, so every wait here is eventlet's. As with Trove's guest the configuration
stands outside the data directory, so that pg_rewind does not bring over another member's.
"""
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import eventlet
import psycopg

from ..replication import APPLICATION, REPLICATOR, UPGRADER
from ..replication_server import ReplicatingServer
from ..server import Silent, StartError
from .native import connect

CONFIGURATION = """\
listen_addresses = '{address}'
port = {port}
unix_socket_directories = ''
hba_file = '{directory}/pg_hba.conf'
shared_buffers = 16MB
max_connections = 50
wal_keep_size = 512MB
archive_mode = on
archive_command = '/bin/true'
wal_log_hints = on
wal_retrieve_retry_interval = 200ms
include_if_exists = '{directory}/primary.conf'
"""
HBA = """\
host all all 127.0.0.0/8 {method}
host replication all 127.0.0.0/8 {method}
"""
INIT_SQL = f"""
create role {APPLICATION} login password {{password}};
create role {UPGRADER} login password {{password}};
grant pg_monitor to {UPGRADER};
grant alter system on parameter default_transaction_read_only to {UPGRADER};
grant execute on function pg_reload_conf() to {UPGRADER};
create table kv (k text primary key, v text not null);
grant select, insert, update on kv to {APPLICATION};
"""


class PostgreSQL(ReplicatingServer):
    """One member's PostgreSQL."""

    bad_options = ("-c", "this_option_does_not_exist=on")
    stop_signal = signal.SIGINT        # "fast": what the container images are stopped with

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def prepare(self) -> None:
        self.directory.mkdir(parents=True)
        facts = {"address": self.address, "port": self.settings.port, "directory": self.directory,
                 "method": "scram-sha-256" if self.settings.password else "trust"}
        (self.directory / "postgresql.conf").write_text(CONFIGURATION.format(**facts))
        (self.directory / "pg_hba.conf").write_text(HBA.format(**facts))
        self.take_over()

    def furnish(self, version: str) -> None:
        secret = self.directory / "secret"
        secret.write_text(self.settings.password or "none")
        self.take_over()
        self._run("initdb", "-D", "data", "-U", REPLICATOR, "--pwfile", "secret", "-A", "trust",
                  "--no-sync", "-E", "UTF8", "--locale=C", version=version)
        secret.unlink()
        self.start(version)
        self.wait_until_serving()
        password = psycopg.sql.quote(self.settings.password) if self.settings.password else "null"
        self.ask(INIT_SQL.format(password=password))

    def command(self, binary: str) -> list[str]:
        return [f"{binary}/postgres", "-D", "data",
                "-c", f"config_file={self.directory}/postgresql.conf"]

    def environment(self, binary: str) -> dict[str, str]:
        return {"LC_ALL": "C", "HOME": str(self.directory), "PATH": binary}

    def answers(self) -> bool:
        try:
            return bool(self.ask("select 1"))
        except psycopg.Error:
            return False

    def ask(self, statement: str, *values) -> list[tuple]:
        """One statement on a connection of its own; psycopg.Error when there is no answer."""
        with connect(self.address, self.settings) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def role(self) -> str:
        try:
            return "replica" if self._is_standby() else "primary"
        except psycopg.Error:
            return ""

    def is_whole(self) -> bool:
        try:
            return not self._is_standby() or self.ask(
                "select status from pg_stat_wal_receiver") == [("streaming",)]
        except psycopg.Error as error:
            raise Silent(str(error)) from error

    # Replication
    def backup(self, target: Path) -> None:
        target.parent.mkdir(exist_ok=True)
        target.mkdir()
        self.give(target)
        self._run("pg_basebackup", "-D", str(target), "-d", self._conninfo(self.origin()),
                  "-X", "stream", "-c", "fast", "--no-sync")

    def restore(self, source: Path) -> None:
        shutil.copytree(source, self.data)
        self.data.chmod(0o700)
        self.take_over()

    def origin(self) -> dict[str, Any]:
        return {"master": {"host": self.address, "port": self.settings.port},
                "replica_conf": {"log_position": {}, "replication_user": {
                    "name": REPLICATOR, "password": self.settings.password}}}

    def begin_as_replica(self, origin: dict[str, Any], version: str) -> None:
        self._follow(origin)
        self.start(version)
        self.wait_until_serving()

    def attach(self, origin: dict[str, Any], restart: bool) -> None:
        self._follow(origin)
        if restart:
            self._rejoin()

    def detach(self, for_failover: bool) -> None:
        """Trove's own guest promotes here, and so does with every replica of a set whose source
        moves, not only the candidate: the others are then on timelines of their own and can't
        follow it. This one leaves them standbys until they are told whom to follow."""
        if not for_failover:
            self.lead()

    def lead(self) -> None:
        if self._is_standby():
            self.ask("select pg_promote(false)")
        self._until(lambda: not self._is_standby(), 60, "it is still a standby")
        (self.directory / "primary.conf").unlink(missing_ok=True)

    def set_read_only(self, read_only: bool) -> None:
        """Nothing, as in Trove's own guest: PostgreSQL has no such switch for a whole server."""

    def position(self) -> str:
        ask = "pg_last_wal_replay_lsn" if self._is_standby() else "pg_current_wal_lsn"
        return self.ask(f"select {ask}()::text")[0][0]

    def wait_for(self, position: str, timeout: float) -> None:
        self._until(lambda: self.ask("select pg_last_wal_replay_lsn() >= %s::pg_lsn",
                                     position)[0][0], timeout, f"it has not come to {position}")

    def demote(self) -> None:
        self._rejoin()

    def _rejoin(self) -> None:
        """Start anew as a standby of its origin, whatever it holds beyond the place where that took
        over. A standby does hold more when the old source went on writing WAL of itself (its
        background writer does, and readers that set hint bits) until this one was told."""
        self.stop()
        origin = (self.directory / "primary.conf").read_text().split("'")[1]
        self._run("pg_rewind", "--target-pgdata", "data", "--source-server", origin, "--no-sync",
                  "--config-file", str(self.directory / "postgresql.conf"), version=self.version)
        (self.data / "standby.signal").touch()
        self.start(self.version)
        self.wait_until_serving()

    def _follow(self, origin: dict[str, Any]) -> None:
        path = self.directory / "primary.conf"
        path.touch(mode=0o600)
        path.write_text(f"primary_conninfo = '{self._conninfo(origin)}'\n")
        signal_file = self.data / "standby.signal"
        signal_file.touch()
        for each in (path, signal_file):     # not all: files come and go while the server runs
            self.give(each)

    def _is_standby(self) -> bool:
        return self.ask("select pg_is_in_recovery()")[0][0]

    def _until(self, condition, timeout: float, complaint: str) -> None:
        with eventlet.Timeout(timeout, StartError(complaint)):
            while not condition():
                eventlet.sleep(0.02)

    def _conninfo(self, origin: dict[str, Any]) -> str:
        user, master = origin["replica_conf"]["replication_user"], origin["master"]
        secret = f" password={user['password']}" if user["password"] else ""
        return (f"host={master['host']} port={master['port']} user={user['name']}"
                f" dbname=postgres{secret}")

    def _run(self, program: str, *arguments: str, version: str = "") -> None:
        """One of the server's own programs; StartError with its last words when it fails."""
        binary = self.settings.binaries[version or self.settings.new]
        done = subprocess.run([f"{binary}/{program}", *arguments], cwd=self.directory,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=self.environment(binary), check=False, **self.identity())
        if done.returncode:
            raise StartError(f"{program}: {' '.join(done.stdout.split()[-40:])}")
