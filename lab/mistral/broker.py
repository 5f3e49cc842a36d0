"""A RabbitMQ server of the lab's own: own node, ports, files, port mapper; nothing is left."""
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from ...embedded.ports import free_port
from ..process import LabError
from .daemon import Daemon

# The server's own script before the packages' wrapper, which needs root and drops the environment.
PLACES = ("rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server", "rabbitmq/bin/rabbitmq-server")
NOBODY = "There is no rabbitmq-server on this machine (apt-get install rabbitmq-server)."
CONNECT_SEC = 20


def find_server() -> str | None:
    """Path of rabbitmq-server, or None."""
    found = [str(path) for place in PLACES for path in sorted(Path("/usr/lib").glob(place))]
    return found[0] if found else shutil.which("rabbitmq-server")


class Broker:
    """RabbitMQ on 127.0.0.1 with its files in `directory`; a context manager.

    :raises LabError: there is none on this machine.
    """

    def __init__(self, directory: Path):
        self.directory = directory / "rabbitmq"
        self.directory.mkdir()
        self._ports = {name: free_port() for name in ("amqp", "dist", "epmd")}
        server = find_server()
        if server is None:
            raise LabError(NOBODY)
        environment = {**os.environ, **self._environment()}
        # Not forked by the server itself, or it would outlive it.
        mapper = ["epmd", "-port", str(self._ports["epmd"]), "-address", "127.0.0.1"]
        self._mapper = Daemon("epmd", directory, [*_bound(), *mapper], environment)
        self._server = Daemon("rabbitmq", directory, [*_bound(), server], environment)

    @property
    def url(self) -> str:
        """Its URL for oslo.messaging."""
        return f"rabbit://guest:guest@127.0.0.1:{self._ports['amqp']}/"

    def start(self) -> "Broker":
        """Start the port mapper and the server; returns when it answers."""
        try:
            self.begin()
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def begin(self) -> None:
        """Start both and return at once."""
        self._mapper.start()
        self._server.start()

    def wait(self) -> None:
        """Return when it answers."""
        self._server.wait(self.answers)

    def answers(self) -> bool:
        """Whether a client can log in."""
        from amqp.exceptions import AMQPError
        from kombu import Connection
        address = self.url.replace("rabbit://", "amqp://") + "/"
        with suppress(OSError, AMQPError), \
                Connection(address, connect_timeout=CONNECT_SEC) as connection:
            connection.connect()
            return True
        return False

    def stop(self) -> None:
        """End the server, then the port mapper."""
        self._server.stop()
        self._mapper.stop()

    def kill(self) -> None:
        """kill -9 of both."""
        self._server.kill()
        self._mapper.kill()

    def signal(self, number: int) -> None:
        """Send it to the server, such as SIGSTOP."""
        self._server.signal(number)

    def __enter__(self) -> "Broker":
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()

    def _environment(self) -> dict[str, str]:
        home = str(self.directory)
        cookie = self.directory / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(10))
        cookie.chmod(0o400)
        return {"HOME": home, "RABBITMQ_BASE": home, "RABBITMQ_MNESIA_BASE": f"{home}/data",
                "RABBITMQ_LOG_BASE": f"{home}/log", "RABBITMQ_PID_FILE": f"{home}/pid",
                "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/plugins",
                "RABBITMQ_CONFIG_FILE": f"{home}/none", "RABBITMQ_CONF_ENV_FILE": "/dev/null",
                "RABBITMQ_NODENAME": f"lab{self._ports['amqp']}@localhost",
                "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
                "RABBITMQ_NODE_PORT": str(self._ports["amqp"]),
                "RABBITMQ_DIST_PORT": str(self._ports["dist"]),
                "ERL_EPMD_PORT": str(self._ports["epmd"]), "ERL_EPMD_ADDRESS": "127.0.0.1",
                "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}


def _bound() -> list[str]:
    """Words before a command that let it end with the thread that starts it."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
