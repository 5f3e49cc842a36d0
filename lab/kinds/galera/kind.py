"""The lab's Galera clusters; the modules beside this one do the work."""
from pathlib import Path
from typing import Any

from .. import mariadb
from ..base import Clients, Kind, Member
from . import native
from .client import GaleraClients

# For so long a member may be unavailable; the lab's Galera cache is small.
UNAVAILABLE_SEC = 60
PROGRAM = "mariadb-upgrade"


class GaleraKind(Kind):
    """Members that all hold all data; clients write to the first one that lets them."""

    name = "galera"
    datastore = manager = "mariadb"
    archive = mariadb.ARCHIVE
    starts_alone = False          # the first one founds the cluster, the others join it
    unprivileged = True

    def binaries(self) -> dict[str, str]:
        return {version: str(root) for version, root in self.archive.servers().items()}

    def shape(self, members: int = 3) -> tuple[int, int]:
        """The layout is the number of members."""
        return members, members

    def members(self, rows: list[dict], settings) -> list[Member]:
        return native.members(rows, settings)

    def clients(self, nodes: list[tuple[str, int]], settings, layout: int) -> Clients:
        return GaleraClients(nodes, settings)

    def access(self, settings, directory: Path) -> dict[str, Any]:
        secret = directory / "password"
        secret.write_text(settings.password)
        secret.chmod(0o600)
        return {"port": settings.port, "username": native.USER, "password_file": str(secret),
                "unavailable_sec": UNAVAILABLE_SEC,
                "upgrade_program": str(_program(settings, directory))}

    def server(self, instance, directory: Path, address: str, settings):
        from .server import GaleraServer
        return GaleraServer(directory, address, settings)

    def form(self, members: list, layout: int) -> None:
        addresses = [member.server.address for member in members]
        for number, member in enumerate(members):
            member.server.join(addresses)
            if number == 0:
                member.server.found(member.version)
            else:
                member.server.start(member.version)
            member.server.wait_until_serving()


def _program(settings, directory: Path) -> Path:
    """The new version's mariadb-upgrade, with the libraries that it was unpacked beside."""
    root = settings.binaries[settings.new]
    found = mariadb.environment(root)
    script = directory / PROGRAM
    script.write_text(f"#!/bin/sh\nPATH='{found['PATH']}' LD_LIBRARY_PATH='"
                      f"{found['LD_LIBRARY_PATH']}' exec '{root}/usr/bin/{PROGRAM}' \"$@\"\n")
    script.chmod(0o700)
    return script
