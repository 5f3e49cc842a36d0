"""One real server process of a member: started, asked, stopped.

Runs in Trove's process, so every wait here is eventlet's.
"""
import abc
import contextlib
import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
from pathlib import Path

import eventlet

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
STAMP = re.compile(r"^\d+:\w \d+ \w+ \d+ [\d:.]+ [#*.-] ")


class StartError(Exception):
    """The server ended before it answered; the message holds its last words."""


class Silent(Exception):
    """The server does not answer."""


class ServerProcess(abc.ABC):
    """The server of one member: its directory, configuration and process.

    The configuration is written once, when the member is prepared: an upgrade swaps the
    binary and keeps the data directory and the configuration, as a container swap does.

    :cvar unprivileged: it refuses to run as root; then it runs as `nobody`.
    :cvar stop_signal: asks it to end in good order.
    :cvar bad_options: options that no version knows, so that it ends at once.
    """

    unprivileged = False
    stop_signal = signal.SIGTERM
    bad_options: tuple[str, ...] = ("--this-option-does-not-exist", "yes")
    logs: tuple[str, ...] = ("server.out", "server.log")

    def __init__(self, directory: Path, address: str, settings):
        self.directory, self.address, self.settings = directory, address, settings
        self._process: subprocess.Popen | None = None
        self.version = ""          # of its last start

    # What each kind knows
    @abc.abstractmethod
    def prepare(self) -> None:
        """Write the configuration; the data directory is new and empty."""

    @abc.abstractmethod
    def command(self, binary: str) -> list[str]:
        """How the version that is at `binary` is started."""

    @abc.abstractmethod
    def answers(self) -> bool:
        """Whether it can be used."""

    @abc.abstractmethod
    def role(self) -> str:
        """'primary', 'replica' or 'member'; '' when nobody answers."""

    @abc.abstractmethod
    def is_whole(self) -> bool:
        """The cluster is whole as this server sees it; raises Silent when it is away."""

    def furnish(self, version: str) -> None:
        """Once, on a new server that is nobody's replica: start it with what the load needs."""
        self.start(version)
        self.wait_until_serving()

    def environment(self, binary: str) -> dict[str, str] | None:
        """Variables of its process; None for this process's own."""
        return None

    # What all have in common
    def start(self, version: str, *options: str) -> None:
        """Start this version's binary and return at once; see `wait_until_serving`."""
        binary = self.settings.binaries.get(version)
        if binary is None:
            raise StartError(f"there is no server of version {version}")
        self.version = version
        self.take_over()
        with (self.directory / "server.out").open("wb") as out:
            self._process = subprocess.Popen(
                [*self.command(binary), *options], cwd=self.directory, stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent,
                env=self.environment(binary), **self.identity())

    def identity(self) -> dict:
        """Who runs it: arguments of subprocess.Popen; {} for whoever we are."""
        if not (self.unprivileged and os.getuid() == 0):
            return {}
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def take_over(self) -> None:
        """Give the directory to who runs the server."""
        self.give(self.directory)

    def give(self, directory: Path) -> None:
        """Give a file, or a directory with all in it, to who runs the server."""
        who = self.identity()
        if who:
            for path in (directory, *directory.rglob("*")):
                shutil.chown(path, who["user"], who["group"])

    def freeze(self) -> None:
        """Let the process hang: it is there, and does nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def wait_until_serving(self, timeout: float = 60) -> None:
        """Return when the server answers; StartError when it ended or took too long."""
        with eventlet.Timeout(timeout, StartError(f"no answer in {timeout} s")):
            while not self.answers():
                if self.process.poll() is not None:
                    raise StartError(f"exit code {self.process.returncode}: {self.last_words()}")
                eventlet.sleep(0.02)

    def stop(self) -> str:
        """Its stop signal; SIGKILL when that takes too long. Returns how it ended."""
        if not self.is_running():
            return "was not running"
        self.process.send_signal(self.stop_signal)
        with eventlet.Timeout(self.settings.stop_timeout_sec, False):
            self._wait()
            return "terminated"
        self.kill()
        return "killed"

    def kill(self) -> None:
        """SIGKILL; no word to the server."""
        if self.is_running():
            self.process.kill()
            self._wait()

    def end(self) -> None:
        """Like `kill`, also from a signal handler, where eventlet can not wait."""
        if self._process is not None and self._process.returncode is None:
            self.process.kill()
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self.process.pid, os.WEXITED)

    @property
    def started(self) -> bool:
        """It was started before, whatever has become of it."""
        return self._process is not None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def process(self) -> subprocess.Popen:
        """The process that was started last; StartError when there has been none."""
        if self._process is None:
            raise StartError("it was never started")
        return self._process

    def last_words(self) -> str:
        """The last two lines of what it printed, or of its log, without their time stamps."""
        for name in self.logs:
            path = self.directory / name
            lines = path.read_text(errors="replace").split("\n") if path.exists() else []
            if words := [STAMP.sub("", line.strip()) for line in lines if line.strip()][-2:]:
                return " ".join(words)
        return "it said nothing"

    def _wait(self) -> None:
        while self.process.poll() is None:
            eventlet.sleep(0.01)


def die_with_parent() -> None:
    """Runs in the child: the kernel kills it when Trove's process ends, however that ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        os._exit(1)
