"""What kinds have in common whose clusters are replication sets: a source and its replicas.

Stock Trove knows no cluster of them: the source is an instance, and each replica is an instance
that was made of it.
"""
from pathlib import Path
from typing import Any

from .base import Kind

UPGRADER, APPLICATION, REPLICATOR = "trove_upgrade", "app", "replicator"    # accounts of servers


class ReplicationKind(Kind):
    """`layout` is the number of replicas."""

    replicates = True
    unprivileged = True

    def shape(self, replicas: int = 2) -> tuple[int, int]:
        """One source and some replicas of it."""
        return 1 + replicas, replicas

    def form(self, members: list, layout: int) -> None:
        raise NotImplementedError("Trove makes no cluster of a replication set")

    def access(self, settings, directory: Path) -> dict[str, Any]:
        found: dict[str, Any] = {"port": settings.port, "username": UPGRADER}
        if settings.password:
            secret = directory / "password"
            secret.write_text(settings.password)
            secret.chmod(0o600)
            found["password_file"] = str(secret)
        return found
