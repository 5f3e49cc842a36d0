"""Members of the lab's Cassandra by themselves, without Trove: started, stopped, asked."""
import contextlib
import ctypes
import signal
import subprocess
import sys
import uuid
import warnings
from types import SimpleNamespace

from trove_upgrade.datastores.base import Member
from trove_upgrade.lab.kinds.cassandra import asking, ring
from trove_upgrade.lab.settings import free_network

from tests.waits import PATIENCE_SEC, SCALE, until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself
    from cassandra.auth import PlainTextAuthProvider
    from cassandra.cluster import Cluster
    from cassandra.policies import ConstantReconnectionPolicy, DCAwareRoundRobinPolicy

PASSWORD = "a-password"
OLD, NEW = "4.1.9", "5.0.4"
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Nodes:
    """Three racks of one member each; a context manager that leaves nothing behind."""

    def __init__(self, directory, version=OLD, mode="CASSANDRA_4"):
        network, port = free_network()
        self.settings = SimpleNamespace(port=port, password=PASSWORD)
        self.addresses = [f"{network}.{number}" for number in (11, 12, 13)]
        self._directories = [directory / address for address in self.addresses]
        self._processes = {}
        places = [ring.Place(address, str(uuid.uuid4()), "dc1", f"rack{number}", token)
                  for number, (address, token) in enumerate(
                      zip(self.addresses, ring.tokens(3), strict=True), 1)]
        for address, own in zip(self.addresses, self._directories, strict=True):
            own.mkdir()
            ring.Configuration(address, port, port + 1, "lab", places, self.addresses[:1],
                               {"dc1": 3}, PASSWORD, mode).save(own)
        self.version = version

    def __enter__(self):
        try:
            for number in range(3):
                self.start(number)
            self.until_whole()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self._processes.values():
            process.kill()
            process.wait()

    @property
    def members(self):
        return [Member(f"m{number}", f"member-{number}", address)
                for number, address in enumerate(self.addresses)]

    def access(self, tmp_path):
        """As an access file says it."""
        secret = tmp_path / "secret"
        secret.write_text(PASSWORD)
        return {"port": self.settings.port, "username": "cassandra", "password_file": str(secret),
                "volume_gib": 1}

    def start(self, number, version=""):
        with (self._directories[number] / "out").open("wb") as out:
            self._processes[number] = subprocess.Popen(
                [sys.executable, "-m", "trove_upgrade.lab.kinds.cassandra.node", "--version",
                 version or self.version, str(self._directories[number])],
                stdout=out, stderr=subprocess.STDOUT,
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))

    def stop(self, number):
        """SIGTERM; its exit code."""
        self._processes[number].terminate()
        return self._processes[number].wait(PATIENCE_SEC)

    def kill(self, number):
        self._processes[number].kill()
        self._processes[number].wait()

    def ended(self, number):
        """Wait for its own end; (exit code, what it said)."""
        code = self._processes[number].wait(PATIENCE_SEC)
        return code, (self._directories[number] / "out").read_text()

    def configure(self, number, **changes):
        conf = ring.Configuration.load(self._directories[number])
        for name, value in changes.items():
            setattr(conf, name, value)
        conf.save(self._directories[number])

    def run_task(self, number, kind):
        """What somebody starts by nodetool; '' for nothing any more."""
        (self._directories[number] / "tasks").write_text(kind)

    def files(self, number):
        return sorted(path.name for path in (self._directories[number] / "data").iterdir())

    def logged(self, number):
        """What is in its commit log."""
        return (self._directories[number] / "data" / "CommitLog-nb.log").read_text()

    def until_whole(self):
        until(lambda: all(asking.facts(one, self.settings).get("cluster_ok")
                               for one in self.addresses), "all linked to all")

    def until_down(self, number, by):
        """Wait until member `by` holds the other for down."""
        until(lambda: not asking.links(self.addresses[by], self.settings)[
            self.addresses[number]], f"{number} down for {by}")

    @contextlib.contextmanager
    def client(self, **options):
        """A stock client that knows the first member only, and finds the others."""
        cluster = Cluster(
            self.addresses[:1], port=self.settings.port, connect_timeout=5 * SCALE,
            load_balancing_policy=DCAwareRoundRobinPolicy("dc1"),
            auth_provider=PlainTextAuthProvider("cassandra", PASSWORD),
            reconnection_policy=ConstantReconnectionPolicy(0.2, None), **options)
        try:
            yield cluster
        finally:
            cluster.shutdown()
