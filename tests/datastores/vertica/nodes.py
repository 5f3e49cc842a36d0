"""Nodes of the Vertica double without Trove: started, asked and stopped by a test."""
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import vertica_python
from trove_upgrade.lab.kinds.vertica import native
from trove_upgrade.lab.settings import free_network

from tests.waits import PATIENCE_SEC, until

OLD, NEW = "11.1.1", "12.0.4"
NODE = "trove_upgrade.lab.kinds.vertica.node"


@dataclass
class Settings:
    port: int
    password: str


@dataclass
class Nodes:
    """`size` nodes that know each other; a context manager that leaves none behind."""

    directory: Path
    size: int = 3
    password: str = "open sesame"
    certificate: str = ""
    processes: dict = field(default_factory=dict)

    def __post_init__(self):
        network, port = free_network()
        self.settings = Settings(port, self.password)
        self.addresses = [f"{network}.{number + 11}" for number in range(self.size)]
        for number in range(self.size):
            (self.directory / str(number)).mkdir()
        self.configure(certificate=self.certificate)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.kill()
            process.wait()

    def configure(self, certificate, authority=""):
        """For nodes that are started after it."""
        port = self.settings.port
        for number, address in enumerate(self.addresses):
            self._write(number, "node.json", {
                "address": address, "port": port, "bus_port": port + 1, "nodes": self.addresses,
                "password": self.password, "certificate": certificate,
                "authority": authority})

    def measure(self, **measured):
        """What every node says that it measured."""
        for number in range(self.size):
            self._write(number, "monitor.json", measured)

    def start(self, version=OLD, only=None):
        """Start all nodes, or some of them."""
        for number in range(self.size) if only is None else only:
            if number in self.processes:
                self.processes[number].wait(PATIENCE_SEC)      # it was told to end
            with (self.directory / str(number) / "out").open("w") as out:
                self.processes[number] = subprocess.Popen(
                    [sys.executable, "-m", NODE, "--version", version, "node.json"], stdout=out,
                    stderr=subprocess.STDOUT, cwd=self.directory / str(number))
        return self

    def up(self, version=OLD, only=None):
        """Start them and wait until each says that all that were started are UP."""
        self.start(version, only)
        wanted = {self.addresses[one] for one in self.processes}
        for number in self.processes:
            until(lambda number=number: wanted <= set(self.who_is_up(number)), f"{wanted} up")
        return self

    def who_is_up(self, number):
        return [address for address, state in self.ask(number, native.STATES) if state == "UP"]

    def ask(self, number, query):
        """Rows; none while the node does not answer."""
        try:
            return native.ask(self.addresses[number], self.settings, query)
        except vertica_python.errors.ConnectionError:
            return []

    def kill(self, number):
        process = self.processes.pop(number)
        process.kill()
        process.wait()

    def ended(self, number):
        """(exit code, last words) of a node that ends by itself."""
        code = self.processes[number].wait(PATIENCE_SEC)
        return code, (self.directory / str(number) / "out").read_text().strip()

    def nodes(self):
        return [(address, self.settings.port) for address in self.addresses]

    def _write(self, number, name, content):
        (self.directory / str(number) / name).write_text(json.dumps(content))
