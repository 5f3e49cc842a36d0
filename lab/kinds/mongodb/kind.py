"""The lab's MongoDB clusters; the modules beside this one do the work."""
from pathlib import Path
from typing import Any

from ..base import Clients, Kind, Member
from . import native
from .client import MongoClients

OLD, NEW = "6.0.19", "7.0.15"


class MongoKind(Kind):
    """One shard of three, three config servers, some routers; see `shape`.

    Trove 26 can't add a second shard: its `add_shard` asks the taskmanager's API for a key that
    this does not have, and its `grow` wants a router whose status is RUNNING, not HEALTHY.
    """

    name = datastore = manager = "mongodb"
    for_operators = True

    def binaries(self) -> dict[str, str]:
        """The double is told which release it plays."""
        return {version: version for version in (OLD, NEW)}

    def shape(self, routers: int = 2) -> tuple[int, int]:
        """Trove itself adds the config servers and the routers to the three that are asked for."""
        return 3, routers

    def properties(self, layout: int) -> dict[str, Any]:
        return {"num_mongos": layout}

    def members(self, rows: list[dict], settings) -> list[Member]:
        return native.members(rows, settings)

    def clients(self, nodes: list[tuple[str, int]], settings, layout: int) -> Clients:
        return MongoClients(nodes, settings.password)

    def access(self, settings, directory: Path) -> dict[str, Any]:
        found: dict[str, Any] = {"port": settings.port}
        if settings.password:
            secret = directory / "password"
            secret.write_text(settings.password)
            secret.chmod(0o600)
            found |= {"username": native.USER, "password_file": str(secret)}
        return found

    def server(self, instance, directory: Path, address: str, settings):
        from .server import MongoServer
        return MongoServer(instance, directory, address, settings)

    def call(self, member, method: str, *args: Any) -> Any:
        from .guest import CALLS
        return CALLS[method](member, *args) if method in CALLS else None

    def form(self, members: list, layout: int) -> None:
        """Trove has laid it by its calls to the guests."""
