"""The real thing in the lab: one mariadbd process with Galera.

Runs in Trove's process, so every wait here is eventlet's.
"""
import subprocess
from pathlib import Path

import eventlet
import pymysql

from .. import mariadb
from ..server import ServerProcess, Silent, StartError
from . import native

INIT = "init.sql"
CACHE = "48M"       # Galera's cache of write sets, on disk


class GaleraServer(ServerProcess):
    """One member's MariaDB, with ports of its own for the group and for state transfers."""

    unprivileged = True
    bad_options = ("--this-option-does-not-exist",)

    def __init__(self, directory: Path, address: str, settings):
        super().__init__(directory, address, settings)
        self._peers = 0

    def prepare(self) -> None:
        (self.directory / "data").mkdir(parents=True)
        (self.directory / "spool").mkdir()

    def join(self, addresses: list[str]) -> None:
        """Write the configuration, now that all members are known."""
        self._peers = len(addresses)
        (self.directory / "my.cnf").write_text(self._configuration(addresses))

    def found(self, version: str) -> None:
        """Make a data directory and start the first member on it."""
        self._install(self.settings.binaries[version])
        secret = self.directory / INIT
        secret.touch(mode=0o600)
        secret.write_text(f"CREATE USER {native.USER}@'%' IDENTIFIED BY '{self.settings.password}';"
                          f"\nGRANT ALL ON *.* TO {native.USER}@'%' WITH GRANT OPTION;\n"
                          f"CREATE DATABASE {native.SCHEMA};\n"
                          f"CREATE TABLE {native.SCHEMA}.kv (k VARCHAR(64) PRIMARY KEY, "
                          "v VARCHAR(255) NOT NULL) ENGINE=InnoDB;\n")
        self.start(version, "--wsrep-new-cluster", f"--init-file={secret}")

    def command(self, binary: str) -> list[str]:
        return [f"{binary}/usr/sbin/mariadbd", f"--defaults-file={self.directory}/my.cnf",
                f"--basedir={binary}/usr", f"--lc-messages-dir={binary}/usr/share/mysql",
                f"--plugin-dir={binary}/usr/lib/mysql/plugin",
                f"--wsrep-provider={binary}/usr/lib/galera/libgalera_smm.so"]

    def environment(self, binary: str) -> dict[str, str]:
        return mariadb.environment(binary)

    def answers(self) -> bool:
        try:
            return native.is_synced(self.status())
        except (pymysql.MySQLError, OSError):
            return False

    def role(self) -> str:
        return "member"

    def is_whole(self) -> bool:
        try:
            found = self.status()
        except (pymysql.MySQLError, OSError) as error:
            raise Silent(str(error)) from error
        return native.is_synced(found) and native.sees(found, self._peers)

    def status(self) -> dict[str, str]:
        return native.status(self.address, self.settings)

    def _install(self, binary: str) -> None:
        """An empty data directory gets its system tables; the other members copy them."""
        self.take_over()
        # Servers that start remove the temporary tables of others from a directory that they share.
        command = [f"{binary}/usr/bin/mariadb-install-db", "--no-defaults",
                   f"--basedir={binary}/usr", f"--datadir={self.directory}/data",
                   f"--tmpdir={self.directory}/spool",
                   "--auth-root-authentication-method=normal", "--skip-test-db"]
        with (self.directory / "server.out").open("wb") as out:
            made = subprocess.Popen(
                command, cwd=self.directory, stdout=out, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, env=self.environment(binary), **self.identity())
        while made.poll() is None:
            eventlet.sleep(0.02)
        if made.returncode:
            raise StartError(f"no data directory: {self.last_words()}")

    def _configuration(self, addresses: list[str]) -> str:
        chosen, own = self.settings, self.address
        group, transfer = chosen.bus_port, chosen.bus_port + 1
        # Of its own in the lab: the transfer's script looks for the port on all addresses.
        copy = group + 10 + int(own.rsplit(".", 1)[1])
        others = ",".join(f"{address}:{group}" for address in addresses)
        provider = {"base_host": own, "base_port": group, "ist.recv_addr": f"{own}:{transfer}",
                    "ist.recv_bind": f"{own}:{transfer}", "gcache.size": CACHE,
                    "gmcast.listen_addr": f"tcp://{own}:{group}"}
        lines = [
            "[mysqld]", f"datadir={self.directory}/data", f"tmpdir={self.directory}/spool",
            "socket=mysqld.sock", "pid_file=mysqld.pid", f"bind_address={own}",
            f"port={chosen.port}", "skip_name_resolve=ON", "max_connections=100",
            "innodb_buffer_pool_size=32M", "innodb_log_file_size=24M", "performance_schema=OFF",
            "innodb_flush_log_at_trx_commit=2", "innodb_autoinc_lock_mode=2", "binlog_format=ROW",
            "wsrep_on=ON", "wsrep_cluster_name=lab", f"wsrep_node_address={own}:{group}",
            f"wsrep_cluster_address=gcomm://{others}", "wsrep_sst_method=rsync",
            f"wsrep_sst_receive_address={own}:{copy}",
            'wsrep_provider_options="' + ";".join(f"{k}={v}" for k, v in provider.items()) + '"']
        return "\n".join(lines) + "\n"
