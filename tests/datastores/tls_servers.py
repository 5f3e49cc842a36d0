"""Real servers that speak TLS and nothing else, one of each kind, without Trove.

Redis and PostgreSQL come from Debian's archive: the lab's own are built without TLS.
"""
import abc
import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from trove_upgrade.datastores import driver
from trove_upgrade.datastores.base import Member
from trove_upgrade.lab.kinds import mariadb, mysql
from trove_upgrade.lab.kinds.archive import Archive, environment
from trove_upgrade.lab.settings import free_network

from tests.datastores.authority import front
from tests.waits import PATIENCE_SEC, until

REDIS = Archive(
    "redis", "Redis", "Debian's archive", "the sources of a Debian release",
    "usr/bin/redis-server", own=("redis-server", "redis-tools"),
    needed=("libjemalloc2", "liblua5.1-0", "liblzf1", "lua-bitop", "lua-cjson", "libhiredis0.14",
            "libatomic1"), wanted=1)
POSTGRESQL = Archive(
    "postgresql-15", "PostgreSQL", "Debian's archive", "the sources of Debian 12",
    "usr/lib/postgresql/15/bin/postgres", own=("postgresql-15", "postgresql-client-15"),
    needed=("libpq5", "libldap-2.5-0", "libicu72", "libxml2", "libxslt1.1", "libsasl2-2"),
    wanted=1)
SECRET, USER = 'open "sesame" #1', "upgrader"
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Served:
    """What a driver is tried on: one member, and how the access file tells of it.

    :ivar member: at the address that its certificate is issued for.
    :ivar elsewhere: the same server at an address that it is not issued for.
    """

    kind: str

    def __init__(self, directory: Path, authority):
        self.directory, self.authority = directory, authority
        self.network, self.port = free_network()
        self.address = f"{self.network}.11"
        self.member = Member("one", "member-1", self.address)
        self.elsewhere = Member("one", "member-1", f"{self.network}.12")
        self.secret = directory / "password"
        self.secret.touch(mode=0o600)
        self.secret.write_text(SECRET + "\n")

    @property
    def access(self):
        """As an access file says it."""
        return {"port": self.port, "username": USER, "password_file": str(self.secret),
                "tls": True, "ca_file": str(self.authority.file)}

    def read(self, member=None, **changes):
        """What the driver makes of it; a key that is None is left out of the access file."""
        member = member or self.member
        asker = driver(self.kind, self.chosen(**changes))
        facts = asker.read([member])
        return facts[member.id], [check.message for check in asker.checks(facts) if not check.ok]

    def chosen(self, **changes):
        return {key: value for key, value in {**self.access, **changes}.items()
                if value is not None}

    def shown(self, authority, directory):
        """What the access file says of a certificate that this authority has given to a client."""
        certificate, key = authority.issue(directory, "127.0.0.1")
        return {"cert_file": str(certificate), "key_file": str(key)}

    @contextlib.contextmanager
    def without_tls(self):
        """The member as one that offers no TLS."""
        raise NotImplementedError
        yield

    @contextlib.contextmanager
    def demanding(self):
        """The member as one that wants a certificate of its clients, by the same authority."""
        raise NotImplementedError
        yield

    @contextlib.contextmanager
    def running(self):
        raise NotImplementedError
        yield

    def ways(self):
        """By the other address, too."""
        return front((self.elsewhere.address, self.port), (self.address, self.port))


class Server(Served):
    """A process of its own; it refuses whoever comes without TLS."""

    archive: Archive
    greets = True               # the server speaks first
    stop_signal = signal.SIGTERM
    demands = False             # a certificate of its clients

    def __init__(self, directory, authority):
        super().__init__(directory, authority)
        self.root = list(self.archive.servers().values())[-1]
        # Not below pytest's own directories, which `nobody` can't enter.
        self.home = Path(tempfile.mkdtemp(prefix="trove-upgrade-tls-"))
        self.certificate, self.key = authority.issue(self.home, self.address)
        shutil.copy(authority.file, self.home / "ca.pem")
        self.process: subprocess.Popen | None = None

    @abc.abstractmethod
    def install(self):
        """Make its data directory; the user is there when the server answers."""

    @abc.abstractmethod
    def command(self, tls):
        """How it is started; without tls it offers none."""

    @contextlib.contextmanager
    def running(self):
        try:
            self._give()
            self.install()
            self._give()
            self.start(True)
            with self.ways():
                yield self
        finally:
            self.stop(signal.SIGKILL)
            shutil.rmtree(self.home)

    @contextlib.contextmanager
    def without_tls(self):
        self._again(False)
        try:
            yield
        finally:
            self._again(True)

    @contextlib.contextmanager
    def demanding(self):
        self.demands = True
        self._again(True)
        try:
            yield
        finally:
            self.demands = False
            self._again(True)

    def _again(self, tls):
        self.stop(self.stop_signal)
        self.start(tls)

    def start(self, tls):
        with (self.home / "out").open("ab") as out:
            self.process = subprocess.Popen(
                [str(word) for word in self.command(tls)], cwd=self.home, stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment(self.root),
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL), **_nobody())
        until(lambda: self._answers() or self.process.poll() is not None, "an answer",
              story=self.words)
        assert self.process.poll() is None, self.words()

    def stop(self, how):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(PATIENCE_SEC)

    def run(self, *command):
        done = subprocess.run([str(word) for word in command], cwd=self.home, text=True,
                              env=environment(self.root), capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, **_nobody())
        assert done.returncode == 0, done.stdout + done.stderr

    def write(self, name, content):
        path = self.home / name
        path.touch(mode=0o600)
        path.write_text(content)
        self._give()
        return path

    def words(self):
        return "\n".join(path.read_text(errors="replace")[-3000:]
                         for path in (self.home / "out", self.home / "log") if path.exists())

    def _answers(self):
        try:
            with socket.create_connection((self.address, self.port), 1) as probe:
                return not self.greets or bool(probe.recv(1))
        except OSError:
            return False

    def _give(self):
        if who := _nobody():
            for path in (self.home, *self.home.rglob("*")):
                os.chown(path, who["user"], who["group"])


def _nobody():
    if os.getuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


class Redis(Server):
    """A cluster of one."""

    kind, archive, greets = "redis", REDIS, False

    def install(self):
        quoted = SECRET.replace('"', '\\"')
        self.write("redis.conf", "\n".join([
            f"bind {self.address}", f"cluster-port {self.port + 1}", "cluster-enabled yes",
            "protected-mode no", 'user default off',
            f'user {USER} on ">{quoted}" ~* &* +@all']) + "\n")

    def command(self, tls):
        port = ["--port", 0, "--tls-port", self.port, "--tls-cert-file", self.certificate,
                "--tls-key-file", self.key, "--tls-ca-cert-file", self.home / "ca.pem",
                "--tls-auth-clients", "yes" if self.demands else "no"]
        return [self.root / REDIS.program, "redis.conf", *(port if tls else ["--port", self.port])]


class MariaDB(Server):
    kind, archive, program = "mariadb_replication", mariadb.ARCHIVE, mariadb.ARCHIVE.program
    init: tuple = ()
    rights = "GRANT SLAVE MONITOR, BINLOG MONITOR, READ_ONLY ADMIN ON *.*"
    more: tuple = ("--log-bin=binlog", "--server-id=1")

    def install(self):
        (self.home / "tmp").mkdir()
        self._give()
        self.make()
        self.init = (f"--init-file={self.home}/init.sql",)

    def make(self):
        self.run(self.root / "usr/bin/mariadb-install-db", "--no-defaults",
                 f"--datadir={self.home}/data", f"--basedir={self.root}/usr", "--skip-test-db",
                 f"--tmpdir={self.home / 'tmp'}", "--auth-root-authentication-method=normal")

    def command(self, tls):
        self.write("init.sql", f"CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{SECRET}';\n"
                               f"{self.rights} TO {USER}@'%';\n"
                               f"ALTER USER {USER}@'%' REQUIRE "
                               f"{'X509' if self.demands else 'NONE'};\n")
        return [self.root / self.program, "--no-defaults", f"--datadir={self.home}/data",
                f"--tmpdir={self.home / 'tmp'}", f"--basedir={self.root}/usr",
                f"--lc-messages-dir={self.root}/usr/share/mysql",
                f"--plugin-dir={self.root}/usr/lib/mysql/plugin", f"--socket={self.home}/sock",
                f"--pid-file={self.home}/pid", f"--bind-address={self.address}",
                f"--port={self.port}", "--skip-name-resolve", "--innodb-buffer-pool-size=16M",
                *self.more, *self.init, *(self.tls() if tls else ["--skip-ssl"])]

    def tls(self):
        return [f"--ssl-cert={self.certificate}", f"--ssl-key={self.key}",
                f"--ssl-ca={self.home}/ca.pem", "--require-secure-transport=ON"]


class Galera(MariaDB):
    """A cluster of one."""

    kind = "galera"
    rights = "GRANT ALL ON *.*"

    @property
    def more(self):
        group = f"{self.address}:{self.port + 1}"
        return ("--wsrep-on=ON", "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
                f"--wsrep-provider={self.root}/usr/lib/galera/libgalera_smm.so",
                "--wsrep-cluster-address=gcomm://", "--wsrep-new-cluster",
                f"--wsrep-node-address={group}", "--wsrep-provider-options="
                f"base_host={self.address};base_port={self.port + 1};gcache.size=8M;"
                f"gmcast.listen_addr=tcp://{group};pc.recovery=no")


class MySQL(MariaDB):
    kind, archive, program = "mysql_replication", mysql.ARCHIVE, mysql.ARCHIVE.program
    rights = "GRANT REPLICATION CLIENT, XA_RECOVER_ADMIN, SYSTEM_VARIABLES_ADMIN ON *.*"
    more = ("--log-bin=binlog", "--server-id=1", "--gtid-mode=ON", "--enforce-gtid-consistency=ON",
            "--mysqlx=OFF", "--secure-file-priv=NULL", "--innodb-use-native-aio=OFF")

    def make(self):
        self.run(*self.command(True), "--initialize-insecure")

    def command(self, tls):
        found = [word for word in super().command(tls) if word != "--skip-ssl"]
        return found if tls else [*found, "--auto-generate-certs=OFF", "--tls-version="]


class PostgreSQL(Server):
    kind, archive, greets = "postgresql_replication", POSTGRESQL, False
    stop_signal = signal.SIGINT

    @property
    def programs(self):
        return self.root / "usr/lib/postgresql/15/bin"

    def install(self):
        self.write("init", SECRET)
        self.run(self.programs / "initdb", "-D", "data", "-U", USER, "--pwfile", "init", "-A",
                 "scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C")
        (self.home / "init").unlink()

    def command(self, tls):
        who = " clientcert=verify-ca" if self.demands else ""
        self.write("hba",
                   f"{'hostssl' if tls else 'host'} all all 127.0.0.0/8 scram-sha-256{who}\n")
        options = {"listen_addresses": self.address, "port": self.port,
                   "unix_socket_directories": "", "hba_file": self.home / "hba",
                   "shared_buffers": "16MB", "ssl": "on" if tls else "off",
                   "ssl_cert_file": self.certificate, "ssl_key_file": self.key,
                   "ssl_ca_file": self.home / "ca.pem"}
        return [self.programs / "postgres", "-D", "data",
                *(word for key, value in options.items() for word in ("-c", f"{key}={value}"))]

    def _answers(self):
        return not subprocess.run(
            [self.programs / "pg_isready", "-h", self.address, "-p", str(self.port), "-q"],
            env=environment(self.root), check=False).returncode


SERVERS = (Redis, MariaDB, Galera, MySQL, PostgreSQL)
