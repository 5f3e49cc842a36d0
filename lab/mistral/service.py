"""Mistral as a service: two APIs behind HAProxy, engines, three executors, a notifier, and the
pack's reviver."""
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import requests

from ...embedded.ports import free_port
from ...workflows import installed
from ..files import write_atomically
from ..keystone import conf as ini
from ..process import START_SEC, LabError, Server
from . import conf
from .broker import Broker
from .daemon import Daemon
from .database import Database
from .proxy import Proxy

ENGINES = 2
REVIVER, QUIET_SEC = "trove_upgrade.embedded.reviver", 20
STARTED = {"engine": "Engine server started", "executor": "Executor server started",
           "reviver": "Reviver started", "notifier,periodic": "Notification server started"}
BIN = Path(sys.executable).parent


def nodes(engines: int) -> dict[str, str]:
    """Name -> what `mistral-server --server` runs there, but for the reviver. Cron triggers fire
    beside the notifier."""
    return {"api-1": "api", "api-2": "api",
            **{f"engine-{number}": "engine" for number in range(1, engines + 1)},
            **{f"executor-{number}": "executor" for number in range(1, 4)},
            "notifier": "notifier,periodic", "reviver": "reviver"}


class Node:
    """One `mistral-server`, or the reviver, with a mistral.conf of its own.

    does: see `nodes`. env: more variables of its process. access_dir: its own access files.
    """

    def __init__(self, name: str, does: str, directory: Path, sections: dict, port: int,
                 env: dict[str, str]):
        self.name, self.does, self.port = name, does, port
        self.env: dict[str, str] = {}
        self.sections = sections
        self._file, self.log = directory / f"{name}.conf", directory / f"{name}.log"
        self._base_env = env
        self.process = Daemon(name, directory, [*self._program(), "--config-file",
                                                str(self._file)])

    def _program(self) -> list[str]:
        if self.does == "reviver":
            return [sys.executable, "-m", REVIVER, "--quiet-sec", str(QUIET_SEC)]
        return [str(BIN / "mistral-server"), "--server", self.does]

    def start(self) -> "Node":
        """Start it and return at once."""
        write_atomically(self._file, ini.text(self.sections), mode=0o600)
        self._seen = self.log.stat().st_size if self.log.exists() else 0
        self.process.env = {**self._base_env, **self.env}
        self.process.start()
        return self

    def wait(self, timeout: float = START_SEC) -> None:
        """Return when it works; LabError when it does not come up."""
        self.process.wait(self._works, timeout)

    def _works(self) -> bool:
        if self.does == "api":
            with suppress(requests.RequestException):
                return requests.get(f"http://127.0.0.1:{self.port}/", timeout=5).status_code < 500
            return False
        with suppress(FileNotFoundError), self.log.open(errors="replace") as log:
            log.seek(self._seen)
            return STARTED[self.does] in log.read()
        return False

    def restart(self) -> None:
        """As a package update does it: SIGTERM, and start again; returns when it works."""
        self.process.stop()
        self.start().wait()


class MistralService:
    """All of it, with its files in `directory`.

    sections: what mistral.conf has beside `conf.sections`, such as [keystone_authtoken].
    remove: directory to remove if this process is killed. engines: how many.
    """

    def __init__(self, directory: Path, sections: dict[str, dict], access_dir: Path,
                 env: dict[str, str], remove: Path | None = None, engines: int = ENGINES):
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o711)          # `nobody` must reach the database's files
        self.directory, self.url = directory, ""
        self._guard = Server("guard", "mistral.daemon", directory, remove)
        self.database, self.broker = Database(directory), Broker(directory)
        self._env = {**env, "PYTHONWARNINGS": "ignore"}
        self.nodes = {name: self._node(name, does, sections, access_dir, engines)
                      for name, does in nodes(engines).items()}
        self.proxy = Proxy(directory, {name: node.port for name, node in self.nodes.items()
                                       if node.does == "api"})

    def start(self) -> "MistralService":
        """Start everything; returns when every process works."""
        self._guard.start()
        self.broker.begin()         # it is slow, and nobody needs it yet
        self.database.install()
        self._make_tables()
        self.broker.wait()
        self.proxy.start()
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            node.wait()
        self.proxy.wait()
        self.url = self.proxy.url
        return self

    def install(self, session, scope: str = "public") -> None:
        """Put the pack's workflows in, for all projects; session: an administrator's. A service
        without Keystone has one project alone, and takes them as `private`.

        Without validation, which takes half a second a file; the pack's own tests do it.
        """
        for path in installed():
            session.post(f"{self.url}/workflows", params={"scope": scope,
                                                          "skip_validation": "true"},
                         data=Path(path).read_bytes(), headers={"Content-Type": "text/plain"})

    def stop(self) -> None:
        """Kill all: nothing of a lab is kept."""
        for node in self.nodes.values():
            node.process.kill()
        self.proxy.stop()
        self.broker.kill()
        self.database.kill()
        self._guard.stop()

    def named(self, prefix: str) -> list[Node]:
        """Nodes whose names begin so."""
        return [node for name, node in self.nodes.items() if name.startswith(prefix)]

    def kill(self, *names: str) -> None:
        """kill -9 of these nodes."""
        for name in names:
            self.nodes[name].process.kill()

    def freeze(self, name: str) -> None:
        """Let a node hang: it is there and does nothing."""
        self.nodes[name].process.signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let it go on."""
        self.nodes[name].process.signal(signal.SIGCONT)

    def _node(self, name: str, does: str, more: dict[str, dict], access_dir: Path,
              engines: int) -> Node:
        port = free_port()
        own = conf.sections(name, self.broker.url, self.database.url, str(access_dir), engines)
        lab = {"DEFAULT": {"log_file": self.directory / f"{name}.log", "use_stderr": "false"},
               "api": {"host": "127.0.0.1", "port": port, "validation_mode": "enabled"}}
        sections = {section: {**own.get(section, {}), **lab.get(section, {}),
                              **more.get(section, {})} for section in {**own, **lab, **more}}
        return Node(name, does, self.directory, sections, port, self._env)

    def _make_tables(self) -> None:
        node = self.nodes["engine-1"]
        file = self.directory / "tables.conf"
        write_atomically(file, ini.text(node.sections), mode=0o600)
        made = subprocess.run([str(BIN / "mistral-db-manage"), "--config-file", str(file),
                               "upgrade", "head"], capture_output=True, text=True, check=False,
                              env={**os.environ, **self._env}, timeout=START_SEC)
        if made.returncode:
            raise LabError(f"Mistral's tables could not be made: {made.stderr[-2000:]}")
