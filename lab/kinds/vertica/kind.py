"""The lab's Vertica databases; the modules beside this one do the work."""
from pathlib import Path
from typing import Any

from ..base import Clients, Kind, Member
from .tables import DATABASE, USER

OLD, NEW = "11.1.1", "12.0.4"


class VerticaKind(Kind):
    """Nodes that hold every row twice (K-safety 1); see `shape`."""

    name = datastore = manager = "vertica"
    starts_alone = False        # a node serves when most nodes are there
    outage = True
    consent = "outage_accepted,backup_taken"

    def binaries(self) -> dict[str, str]:
        """The double is one program; the version is what it is told to be."""
        return {version: version for version in (OLD, NEW)}

    def shape(self, nodes: int = 3) -> tuple[int, int]:
        return nodes, nodes

    def members(self, rows: list[dict], settings) -> list[Member]:
        from . import native
        return native.members(rows, settings)

    def clients(self, nodes: list[tuple[str, int]], settings, layout: int) -> Clients:
        from .client import VerticaClients
        return VerticaClients(nodes, settings.password)

    def access(self, settings, directory: Path) -> dict[str, Any]:
        found: dict[str, Any] = {"port": settings.port, "username": USER, "database": DATABASE}
        if settings.password:
            secret = directory / "password"
            secret.write_text(settings.password)
            secret.chmod(0o600)
            found["password_file"] = str(secret)
        return found

    def server(self, instance, directory: Path, address: str, settings):
        from .server import VerticaNode
        return VerticaNode(directory, address, settings)

    def form(self, members: list, layout: int) -> None:
        """What `admintools -t create_db` does: every node knows all nodes, then all start."""
        nodes = [member.address for member in members]
        for member in members:
            member.server.join(nodes)
            member.server.start(member.version)
        for member in members:
            member.server.wait_until_serving()
