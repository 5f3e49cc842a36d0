"""One process of the double: a member of a shard, a config server or a router.

Runs in Trove's process, so every wait here is eventlet's.
"""
import json
import sys

from ..server import ServerProcess, Silent
from . import native
from .double.wire import ask

ROLES = {"member": "shardsvr", "config_server": "configsvr", "query_router": ""}
CONFIG_SET = "config"


class MongoServer(ServerProcess):
    """Trove's type of the instance says what it is; a router starts once it knows its config
    servers, as with Trove's own guest agent."""

    def __init__(self, instance, directory, address, settings):
        super().__init__(directory, address, settings)
        self.type = instance.type
        # Trove names members CLUSTER-SET-NUMBER, and tells the guest the same set.
        self.set = instance.name.rsplit("-", 2)[-2] if self.type == "member" else CONFIG_SET
        self._configdb = ""

    def prepare(self) -> None:
        self.directory.mkdir(parents=True)
        self._write_configuration()

    def find_cluster(self, configdb: str) -> None:
        """Tell a router where the config servers are."""
        self._configdb = configdb
        self._write_configuration()

    def command(self, binary: str) -> list[str]:
        return [sys.executable, "-m", "trove_upgrade.lab.kinds.mongodb.double",
                "--config", str(self.directory / "mongo.json"), "--release", binary]

    def start(self, version: str, *options: str) -> None:
        if not self._waits:
            super().start(version, *options)

    def wait_until_serving(self, timeout: float = 60) -> None:
        if not self._waits:
            super().wait_until_serving(timeout)

    def ask(self, command: dict, timeout: float = 2.0) -> dict:
        """As another member of the cluster asks it; OSError when there is no answer."""
        return native.inside(self.address, self.settings, command, timeout)

    def answers(self) -> bool:
        try:
            return bool(self._hello()["ok"])
        except OSError:
            return False

    def role(self) -> str:
        try:
            hello = self._hello()
        except OSError:
            return ""
        if "setName" not in hello:
            return "member"
        return "primary" if hello["isWritablePrimary"] else "replica"

    def is_whole(self) -> bool:
        if self._waits:
            return True
        try:
            hello = self._hello()
        except OSError as error:
            raise Silent(str(error)) from error
        serves = hello["isWritablePrimary"] or hello.get("secondary", False)
        return "setName" not in hello or bool(serves and hello.get("primary"))

    @property
    def _waits(self) -> bool:
        return self.type == "query_router" and not self._configdb

    def _hello(self) -> dict:
        return ask(self.address, self.settings.port, {"hello": 1})

    def _write_configuration(self) -> None:
        chosen = self.settings
        router = self.type == "query_router"
        path = self.directory / "mongo.json"
        path.write_text(json.dumps({
            "process": "mongos" if router else "mongod", "host": self.address,
            "port": chosen.port, "set": self.set, "role": ROLES[self.type],
            "configdb": self._configdb, "key": chosen.password, "user": native.USER,
            "password": chosen.password}))
        path.chmod(0o600)
