"""The lab's Cassandra clusters: three racks by default, three copies of everything."""
import uuid
from pathlib import Path
from typing import Any

from ..base import Clients, Kind, Member
from . import asking

OLD, NEW = "4.1.9", "5.0.4"
COPIES = 3
NAMESPACE = uuid.UUID("0d6f3cbe-3e5e-4c67-8a4e-6f0a3c1d2b90")


class CassandraKind(Kind):
    """One data centre; see `shape`."""

    name = datastore = manager = "cassandra"
    starts_alone = False

    def binaries(self) -> dict[str, str]:
        """The doubles take the version as it is."""
        return {OLD: OLD, NEW: NEW}

    def shape(self, racks: int = 3, members: int = 1) -> tuple[int, int]:
        """So many members in each rack."""
        return racks * members, racks

    def members(self, rows: list[dict], settings) -> list[Member]:
        return [Member(**row, port=settings.port, **asking.facts(row["address"], settings))
                for row in rows]

    def clients(self, nodes: list[tuple[str, int]], settings, layout: int) -> Clients:
        from .client import CassandraClients
        return CassandraClients(nodes, settings.password)

    def access(self, settings, directory: Path) -> dict[str, Any]:
        found: dict[str, Any] = {"port": settings.port, "volume_gib": 1}
        if settings.password:
            secret = directory / "password"
            secret.write_text(settings.password)
            secret.chmod(0o600)
            found |= {"username": "cassandra", "password_file": str(secret)}
        return found

    def server(self, instance, directory: Path, address: str, settings):
        from .server import Cassandra
        return Cassandra(directory, address, settings)

    def form(self, members: list, layout: int) -> None:
        """Every member learns the ring; seeds start first, as Trove starts them."""
        from . import ring
        spread = ring.tokens(len(members))
        places = [ring.Place(member.address, str(uuid.uuid5(NAMESPACE, member.id)), "dc1",
                             f"rack{number % layout + 1}", spread[number])
                  for number, member in enumerate(members)]
        seeds = [place.address for place in places[:layout]]
        for member in members:
            member.server.configure(places, seeds, {"dc1": min(COPIES, len(members))})
        for member in members:
            member.server.start(member.version)
        for member in members:
            member.server.wait_until_serving()
