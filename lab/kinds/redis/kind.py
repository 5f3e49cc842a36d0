"""The lab's Valkey clusters; the modules beside this one do the work."""
from pathlib import Path
from typing import Any

from ..base import Clients, Kind, Member
from . import native
from .binaries import binaries
from .client import RedisClients


class RedisKind(Kind):
    """Shards of one primary and some replicas each; see `shape`."""

    name = datastore = manager = "redis"

    def binaries(self) -> dict[str, str]:
        return binaries()

    def shape(self, shards: int = 3, replicas: int = 1) -> tuple[int, int]:
        """The first `shards` members are primaries, the others their replicas."""
        return shards * (1 + replicas), shards

    def members(self, rows: list[dict], settings) -> list[Member]:
        return native.members(rows, settings)

    def is_whole(self, rows: list[dict], settings) -> bool:
        return native.is_whole(rows, settings)

    def clients(self, nodes: list[tuple[str, int]], settings, layout: int) -> Clients:
        return RedisClients(nodes, settings.password, layout)

    def access(self, settings, directory: Path) -> dict[str, Any]:
        found: dict[str, Any] = {"port": settings.port}
        if settings.password:
            secret = directory / "password"
            secret.write_text(settings.password)
            secret.chmod(0o600)
            found["password_file"] = str(secret)
        return found

    def server(self, instance, directory: Path, address: str, settings):
        from .server import Valkey
        return Valkey(directory, address, settings)

    def form(self, members: list, layout: int) -> None:
        from .forming import form
        form([member.server for member in members], layout)
