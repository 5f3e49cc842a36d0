"""The real thing in the lab: one valkey-server process.

Runs in Trove's process, so every wait here is eventlet's.
"""
import redis

from ..server import ServerProcess, Silent
from .native import connect

SAVE = {"rdb": "save 900 1 300 10 60 10000", "none": 'save ""', "aof": 'save ""\nappendonly yes'}


class Valkey(ServerProcess):
    """One member's Valkey, with a port of its own for the cluster bus."""

    def prepare(self) -> None:
        self.directory.mkdir(parents=True)
        (self.directory / "valkey.conf").write_text(self._configuration())

    def command(self, binary: str) -> list[str]:
        return [binary, "valkey.conf"]

    def answers(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except redis.RedisError:
            return False

    def ask(self, *command):
        """One command on a connection of its own; redis.RedisError when there is no answer."""
        with connect(self.address, self.settings) as client:
            return client.execute_command(*command)

    def role(self) -> str:
        try:
            role = self.ask("ROLE")[0]
        except redis.RedisError:
            return ""
        return {"master": "primary", "slave": "replica"}.get(role, role)

    def is_whole(self) -> bool:
        try:
            info = self.ask("CLUSTER INFO")
        except redis.RedisError as error:
            raise Silent(str(error)) from error
        return info.get("cluster_state") == "ok"

    def _configuration(self) -> str:
        chosen = self.settings
        lines = [f"bind {self.address}", f"bind-source-addr {self.address}",
                 f"port {chosen.port}", f"cluster-port {chosen.bus_port}",
                 "cluster-enabled yes", "cluster-config-file nodes.conf",
                 f"cluster-announce-ip {self.address}",
                 f"cluster-node-timeout {chosen.node_timeout_ms}",
                 # Else every full sync waits 5 s for more replicas to come.
                 "repl-diskless-sync-delay 0", "protected-mode no", "daemonize no",
                 "logfile server.log", SAVE[chosen.persistence]]
        if chosen.password:
            lines += [f"requirepass {chosen.password}", f"primaryauth {chosen.password}"]
        return "\n".join(lines) + "\n"
