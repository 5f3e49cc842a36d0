"""The real thing in the lab: one MariaDB server that replicates by GTID.

Runs in Trove's process, so every wait here is eventlet's.
"""
import subprocess
from pathlib import Path
from typing import Any

import eventlet

from ..mysql_replication import native
from ..mysql_replication.shared import SQLServer
from ..replication import APPLICATION, REPLICATOR, UPGRADER
from ..server import StartError, die_with_parent

INIT_SQL = f"""
create user {REPLICATOR}@'%' identified by '{{password}}';
grant all on *.* to {REPLICATOR}@'%' with grant option;
create user {APPLICATION}@'%' identified by '{{password}}';
create user {UPGRADER}@'%' identified by '{{password}}';
grant slave monitor, binlog monitor, read_only admin on *.* to {UPGRADER}@'%';
create database {native.SCHEMA};
create table {native.SCHEMA}.kv (k varchar(64) primary key, v varchar(255) not null) engine=InnoDB;
grant select, insert, update on {native.SCHEMA}.kv to {APPLICATION}@'%';
"""
FOLLOW = """\
change master to master_host = %s, master_port = %s, master_user = %s, master_password = %s,
master_connect_retry = 1, master_use_gtid = slave_pos"""


class MariaDB(SQLServer):
    """One member's MariaDB."""

    program = "usr/sbin/mariadbd"
    more = "gtid_domain_id = 0\nlog_slave_updates = ON\nslave_net_timeout = 5\n"
    status = native.MARIADB
    init_sql = INIT_SQL

    def start(self, version: str, *options: str) -> None:
        """As the image starts that Trove's guest runs, with MARIADB_AUTO_UPGRADE: on the tables of
        another series mariadb-upgrade runs first, with nobody else there."""
        if self.version and _series(self.version) != _series(version) and not options:
            self._upgrade_tables(version)
        super().start(version, *options)

    def _upgrade_tables(self, version: str) -> None:
        self.take_over()
        root, socket = self.root(version), self.directory / "upgrade.sock"
        with (self.directory / "server.out").open("ab") as out:
            alone = subprocess.Popen(
                [*self.command(root), "--skip-networking", "--skip-slave-start",
                 f"--socket={socket}"], cwd=self.directory, stdout=out, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, preexec_fn=die_with_parent,
                env=self.environment(root), **self.identity())
        try:
            with eventlet.Timeout(60, StartError("no server to upgrade the tables on")):
                while not socket.exists() and alone.poll() is None:
                    eventlet.sleep(0.02)
            self.run(version, f"{root}/usr/bin/mariadb-upgrade", "--no-defaults", "--user=root",
                     f"--socket={socket}", "--upgrade-system-tables")
        finally:
            alone.terminate()
            with eventlet.Timeout(60, StartError("the upgrade of the tables does not end")):
                while alone.poll() is None:
                    eventlet.sleep(0.02)

    def install(self, version: str) -> None:
        root = self.root(version)
        # Servers that start remove the temporary tables of others from a directory that they share.
        self.run(version, f"{root}/usr/bin/mariadb-install-db", "--no-defaults",
                 f"--datadir={self.data}", f"--tmpdir={self.directory / 'tmp'}",
                 f"--basedir={root}/usr", "--skip-test-db",
                 "--auth-root-authentication-method=normal")

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
        program = f"{self.root(self.version)}/usr/bin/mariadb-backup"
        try:
            self.run(self.version, program, f"--defaults-file={options}", "--backup",
                     f"--datadir={self.data}", f"--target-dir={target}")
            self.run(self.version, program, "--no-defaults", "--prepare",
                     f"--target-dir={target}")
        finally:
            options.unlink()

    def detach(self, for_failover: bool) -> None:
        self.ask("stop slave")
        self.ask("reset slave all")
        (self.directory / "conf.d/replica.cnf").unlink(missing_ok=True)
        self.restart()

    def position(self) -> str:
        return self.ask("select @@global.gtid_current_pos as p")[0]["p"]

    def last_transaction(self) -> tuple[str, int]:
        *_, server, sequence = self.position().rsplit("-", 2)
        return server, int(sequence)

    def wait_for(self, position: str, timeout: float) -> None:
        if self.ask("select master_gtid_wait(%s, %s) as late", position, timeout)[0]["late"]:
            raise StartError(f"it has not come to {position}")

    def follow(self, origin: dict[str, Any], restored: bool) -> None:
        """Unlike Trove's guest a member's own position is taken from its binary log, too: a former
        source has none from replication."""
        user, master = origin["replica_conf"]["replication_user"], origin["master"]
        self.ask("set global gtid_slave_pos = %s",
                 self._restored_position() if restored else self.position())
        self.ask(FOLLOW, master["host"], master["port"], user["name"], user["password"])
        self.ask("start slave")
        self.wait_until_in_step()

    def _restored_position(self) -> str:
        found = next(self.data.glob("*_binlog_info")).read_text().split()
        return found[2] if len(found) > 2 else ""


def _series(version: str) -> list[str]:
    return version.split(".")[:2]
