"""A RabbitMQ server of the tests' own: own node, ports, files, port mapper; nothing is left."""
import os
import secrets
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from amqp.exceptions import AMQPError
from kombu import Connection

from tests.waits import PATIENCE_SEC, TIMEOUT_SEC, until

# The server's own script before the packages' wrapper, which needs root and drops the environment.
PLACES = ("rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server", "rabbitmq/bin/rabbitmq-server")


def find_server() -> str | None:
    """Path of rabbitmq-server, or None."""
    found = [str(path) for place in PLACES for path in sorted(Path("/usr/lib").glob(place))]
    return found[0] if found else shutil.which("rabbitmq-server")


class Broker:
    """RabbitMQ on 127.0.0.1 with its files in ``directory``; a context manager."""

    def __init__(self, directory: Path):
        self.directory = directory
        self._ports = dict(zip(("amqp", "dist", "epmd"), _free_ports(3), strict=True))
        self._processes: list[subprocess.Popen] = []

    @property
    def url(self) -> str:
        """Its URL for oslo.messaging."""
        return f"rabbit://guest:guest@127.0.0.1:{self._ports['amqp']}/"

    def start(self) -> "Broker":
        """Start the port mapper and the server; returns when it answers."""
        environment = {**os.environ, **self._environment()}
        # Started here, or the server would start one that outlives it.
        mapper = ["epmd", "-port", str(self._ports["epmd"]), "-address", "127.0.0.1"]
        self._run(mapper, environment, "epmd")
        self._run([str(find_server())], environment, "rabbitmq")
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def _wait(self) -> None:
        server = self._processes[-1]
        until(lambda: self.answers() or server.poll() is not None, "RabbitMQ's start",
              story=self._log)
        assert server.poll() is None, self._log()

    def answers(self) -> bool:
        """Whether a client can log in."""
        address = self.url.replace("rabbit://", "amqp://") + "/"
        with suppress(OSError, AMQPError), \
                Connection(address, connect_timeout=TIMEOUT_SEC) as connection:
            connection.connect()
            return True
        return False

    def stop(self) -> None:
        """End the server, then the port mapper."""
        for process in reversed(self._processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(PATIENCE_SEC)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._processes.clear()

    def __enter__(self) -> "Broker":
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()

    def _run(self, command: list[str], environment: dict[str, str], name: str) -> None:
        bound = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with (self.directory / f"{name}.out").open("ab") as out:
            self._processes.append(subprocess.Popen(
                [*bound, *command], env=environment, cwd=self.directory, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out))

    def _environment(self) -> dict[str, str]:
        home = str(self.directory)
        cookie = self.directory / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(secrets.token_hex(10))
            cookie.chmod(0o400)
        return {"HOME": home, "RABBITMQ_BASE": home, "RABBITMQ_MNESIA_BASE": f"{home}/data",
                "RABBITMQ_LOG_BASE": f"{home}/log", "RABBITMQ_PID_FILE": f"{home}/pid",
                "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/plugins",
                "RABBITMQ_CONFIG_FILE": f"{home}/none", "RABBITMQ_CONF_ENV_FILE": "/dev/null",
                "RABBITMQ_NODENAME": f"test{self._ports['amqp']}@localhost",
                "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
                "RABBITMQ_NODE_PORT": str(self._ports["amqp"]),
                "RABBITMQ_DIST_PORT": str(self._ports["dist"]),
                "ERL_EPMD_PORT": str(self._ports["epmd"]), "ERL_EPMD_ADDRESS": "127.0.0.1",
                "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}

    def _log(self) -> str:
        return (self.directory / "rabbitmq.out").read_text(errors="replace")[-2000:]


def _free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
