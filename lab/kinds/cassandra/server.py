"""The process of one member.

Runs in Trove's process, so every wait here is eventlet's.
"""
import sys

from ..server import ServerProcess, Silent
from . import asking, ring


class Cassandra(ServerProcess):
    """One member's double; it is configured when the cluster is laid."""

    bad_options = ("--this-option-does-not-exist",)

    def prepare(self) -> None:
        self.directory.mkdir(parents=True)

    def configure(self, places: list[ring.Place], seeds: list[str],
                  replication: dict[str, int]) -> None:
        """Write cassandra.json; the member starts with it ever after."""
        chosen = self.settings
        ring.Configuration(
            address=self.address, port=chosen.port, bus_port=chosen.bus_port, cluster="lab",
            ring=places, seeds=seeds, replication=replication,
            password=chosen.password).save(self.directory)

    def command(self, binary: str) -> list[str]:
        return [sys.executable, "-m", f"{__package__}.node", "--version", binary,
                str(self.directory)]

    def answers(self) -> bool:
        return bool(asking.facts(self.address, self.settings))

    def role(self) -> str:
        return "member" if self.answers() else ""

    def is_whole(self) -> bool:
        found = asking.facts(self.address, self.settings)
        if not found:
            raise Silent(f"no answer from {self.address}")
        return found["cluster_ok"]
