"""One node of the double in a process of its own, as Trove's guest starts and stops it."""
import json
import sys

import vertica_python

from ..server import ServerProcess, Silent
from . import native


class VerticaNode(ServerProcess):
    """Runs in Trove's process; `join` says who the other nodes are."""

    def prepare(self) -> None:
        self.directory.mkdir(parents=True)
        self.join([self.address])

    def join(self, nodes: list[str]) -> None:
        """Write the node's configuration: all nodes, by address, in order."""
        chosen = self.settings
        configuration = {"address": self.address, "port": chosen.port, "bus_port": chosen.bus_port,
                         "password": chosen.password, "nodes": nodes}
        path = self.directory / "node.json"
        path.write_text(json.dumps(configuration))
        path.chmod(0o600)

    def command(self, binary: str) -> list[str]:
        return [sys.executable, "-m", f"{__package__}.node", "--version", binary, "node.json"]

    def answers(self) -> bool:
        try:
            return bool(native.ask(self.address, self.settings, "SELECT 1"))
        except (vertica_python.errors.Error, OSError):
            return False

    def role(self) -> str:
        return "member" if self.answers() else ""

    def is_whole(self) -> bool:
        try:
            states = native.ask(self.address, self.settings, native.STATES)
        except (vertica_python.errors.Error, OSError) as error:
            raise Silent(str(error)) from error
        return {state for _, state in states} == {native.UP}
