"""The real thing in the lab: one MySQL server that replicates by GTID.

Runs in Trove's process, so every wait here is eventlet's.
"""
import re
from pathlib import Path
from typing import Any

from ..replication import APPLICATION, REPLICATOR, UPGRADER
from ..server import StartError
from . import native
from .shared import SQLServer

# Without secure_file_priv Ubuntu's server looks for a directory of its package. Without
# certificates there is no TLS, and passwords go encrypted by the server's RSA key.
MORE = """\
gtid_mode = ON
enforce_gtid_consistency = ON
log_replica_updates = ON
replica_net_timeout = 5
relay_log_recovery = ON
plugin_load_add = mysql_clone.so
mysqlx = OFF
secure_file_priv = NULL
innodb_use_native_aio = OFF
auto_generate_certs = OFF
"""
INIT_SQL = f"""
create user {REPLICATOR}@'%' identified by '{{password}}';
grant all on *.* to {REPLICATOR}@'%' with grant option;
create user {APPLICATION}@'%' identified by '{{password}}';
create user {UPGRADER}@'%' identified by '{{password}}';
grant replication client, xa_recover_admin, system_variables_admin on *.* to {UPGRADER}@'%';
create database {native.SCHEMA};
create table {native.SCHEMA}.kv (k varchar(64) primary key, v varchar(255) not null) engine=InnoDB;
grant select, insert, update on {native.SCHEMA}.kv to {APPLICATION}@'%';
"""
# The key of the source is what the password is encrypted with on its way.
FOLLOW = """\
change replication source to source_host = %s, source_port = %s, source_user = %s,
source_password = %s, source_connect_retry = 1, source_auto_position = 1,
get_source_public_key = 1"""
WORDS = re.compile(r"\[ERROR\] \[MY-\d+\] \[\w+\] (?!Aborting)(.*)")


class MySQL(SQLServer):
    """One member's MySQL."""

    program = "usr/sbin/mysqld"
    more = MORE
    status = native.MYSQL
    init_sql = INIT_SQL

    def install(self, version: str) -> None:
        self.run(version, *self.command(self.root(version)), "--initialize-insecure")

    def last_words(self) -> str:
        """The first error of its last start: those after it are how it fell."""
        log = self.directory / "server.log"
        lines = log.read_text(errors="replace") if log.exists() else ""
        found = WORDS.findall(lines.rpartition("starting as process")[2])
        return found[0] if found else super().last_words()

    def backup(self, target: Path) -> None:
        """By the clone plugin: a copy of InnoDB's files with the transactions that are in them.

        Trove's guest takes xtrabackup, which is a physical copy, too. The plugin is the server's
        own, and its directory must not be there yet.
        """
        target.parent.mkdir(exist_ok=True)
        target.mkdir()
        self.give(target)
        self.ask("clone local data directory = %s", str(target / "data"))

    def restore(self, source: Path) -> None:
        """With what the clone plugin leaves out and an upgrade then fails for: a place where
        performance_schema's tables are written down anew. xtrabackup copies it."""
        super().restore(source / "data")
        (self.data / "performance_schema").mkdir(exist_ok=True)
        self.give(self.data / "performance_schema")

    def detach(self, for_failover: bool) -> None:
        self.ask("stop replica")
        self.ask("reset replica all")
        (self.directory / "conf.d/replica.cnf").unlink(missing_ok=True)
        self.restart()

    def position(self) -> str:
        return self.ask("select @@global.gtid_executed as p")[0]["p"].replace("\n", "")

    def last_transaction(self) -> tuple[str, int]:
        """As Trove's guest finds it: of the source, the last one that is here."""
        source = self.following().get("source_uuid", "")
        for part in self.position().split(","):
            server, *intervals = part.strip().split(":")
            if server == source:
                return source, int(intervals[-1].rpartition("-")[2])
        return source, 0

    def wait_for(self, position: str, timeout: float) -> None:
        late = "select wait_for_executed_gtid_set(%s, %s) as late"
        if self.ask(late, position, timeout)[0]["late"]:
            raise StartError(f"it has not come to {position}")

    def follow(self, origin: dict[str, Any], restored: bool) -> None:
        """What it lacks it finds out by itself, from what its data say that they hold."""
        user, source = origin["replica_conf"]["replication_user"], origin["master"]
        self.ask("stop replica")              # a backup of a replica replicates as that did
        self.ask("reset replica all")
        self.ask(FOLLOW, source["host"], source["port"], user["name"], user["password"])
        self.ask("start replica")
        self.wait_until_in_step()
