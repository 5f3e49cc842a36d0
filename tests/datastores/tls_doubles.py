"""The doubles of servers that can't be had, behind TLS: Vertica's speaks it, the others have it in
front of them, as their clients begin with it anyway."""
import contextlib
import shutil
from pathlib import Path

from trove_upgrade.lab.settings import free_network

from tests.datastores.authority import front
from tests.datastores.cassandra.nodes import PASSWORD as CASSANDRA_PASSWORD
from tests.datastores.cassandra.nodes import Nodes as CassandraNodes
from tests.datastores.mongodb.nodes import PASSWORD as MONGODB_PASSWORD
from tests.datastores.mongodb.nodes import USER as MONGODB_USER
from tests.datastores.mongodb.nodes import Doubles
from tests.datastores.tls_servers import SECRET, Served
from tests.datastores.vertica.nodes import Nodes as VerticaNodes


class Behind(Served):
    """A double that speaks plainly on `plain`, and TLS on the port of the access file."""

    plain: tuple[str, int]

    def _place(self, address, plain_port, password):
        self.plain, self.address = (address, plain_port), address
        self.member = type(self.member)("one", "member-1", address)
        self.elsewhere = type(self.member)("one", "member-1", f"{address.rpartition('.')[0]}.99")
        self.secret.write_text(password + "\n")

    @contextlib.contextmanager
    def _fronts(self):
        self.certificate = self.authority.issue(self.directory, self.address)
        with front((self.address, self.port), self.plain, self.certificate), self.ways():
            yield self

    @contextlib.contextmanager
    def demanding(self):
        """By another front, on a port of its own."""
        used, self.port = self.port, free_network()[1]
        try:
            with front((self.address, self.port), self.plain, self.certificate,
                       self.authority.file):
                yield
        finally:
            self.port = used

    @contextlib.contextmanager
    def without_tls(self):
        used, self.port = self.port, self.plain[1]
        try:
            yield
        finally:
            self.port = used


class MongoDB(Behind):
    """One member that is in no set yet."""

    kind = "mongodb"

    @property
    def access(self):
        return {**super().access, "username": MONGODB_USER}

    def shown(self, authority, directory):
        """In one file."""
        named = super().shown(authority, directory)
        both, key = Path(named["cert_file"]), Path(named["key_file"])
        both.write_bytes(both.read_bytes() + key.read_bytes())
        return {"cert_file": str(both)}

    @contextlib.contextmanager
    def running(self):
        with Doubles(self.directory) as doubles:
            doubles.add("rs1-1", set="rs1")
            self._place(doubles.host("rs1-1").partition(":")[0], doubles.port, MONGODB_PASSWORD)
            with self._fronts():
                yield self


class Cassandra(Behind):
    """One member of three."""

    kind = "cassandra"

    @property
    def access(self):
        return {**super().access, "username": "cassandra"}

    @contextlib.contextmanager
    def running(self):
        with CassandraNodes(self.directory) as nodes:
            self._place(nodes.addresses[0], nodes.settings.port, CASSANDRA_PASSWORD)
            with self._fronts():
                yield self


class Vertica(Served):
    """A database of one node."""

    kind = "vertica"

    @property
    def access(self):
        return {**super().access, "username": "dbadmin"}

    @contextlib.contextmanager
    def running(self):
        nodes = VerticaNodes(self.directory, size=1, password=SECRET)
        address, self.port = nodes.addresses[0], nodes.settings.port
        self.address = address
        self.member = type(self.member)("one", "member-1", address)
        self.elsewhere = type(self.member)("one", "member-1", f"{address.rpartition('.')[0]}.99")
        certificate, key = self.authority.issue(self.directory, address)
        with certificate.open("ab") as both, key.open("rb") as secret:
            shutil.copyfileobj(secret, both)
        nodes.configure(certificate=str(certificate))
        with nodes, self.ways():
            nodes.up()
            self.nodes = nodes
            yield self

    @contextlib.contextmanager
    def without_tls(self):
        self._again("")
        try:
            yield
        finally:
            self._again(str(self.directory / "server.crt"))

    @contextlib.contextmanager
    def demanding(self):
        self._again(str(self.directory / "server.crt"), str(self.authority.file))
        try:
            yield
        finally:
            self._again(str(self.directory / "server.crt"))

    def _again(self, certificate, authority=""):
        self.nodes.kill(0)
        self.nodes.configure(certificate, authority)
        self.nodes.up()


DOUBLES = (MongoDB, Cassandra, Vertica)
