"""A server of the lab in a process of its own: start it, wait until it is ready, end it."""
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

START_SEC, STOP_SEC = 300, 60       # generous: a machine may be busy


class LabError(Exception):
    """The lab did not do what was asked of it."""


class Server:
    """`python -m MODULE --dir DIRECTORY`, which says in DIRECTORY/NAME.json when it is ready.

    The module takes --parent PID and ends with that process; the file holds {"url", "pid"}.
    remove: a directory that it removes when that process was killed. tls: its certificate and key.
    """

    def __init__(self, name: str, module: str, directory: Path, remove: Path | None = None,
                 tls: Sequence[Path] = ()):
        self.name, self.directory = name, directory
        # Our own package's path, so that the lab runs from a checkout and from a wheel alike.
        self._command = [sys.executable, "-m", f"{__package__}.{module}", "--dir", str(directory),
                         "--parent", str(os.getpid()),
                         *(["--remove", str(remove)] if remove else []),
                         *(["--tls", *map(str, tls)] if tls else [])]
        self._process: subprocess.Popen | None = None

    def start(self) -> str:
        """Start it; returns its URL when it answers."""
        ready = self.directory / f"{self.name}.json"
        ready.unlink(missing_ok=True)
        with (self.directory / f"{self.name}.out").open("wb") as out:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=out,
                                             stderr=subprocess.STDOUT, start_new_session=True)
        wait_for(lambda: ready.exists() or self._process.poll() is not None, START_SEC,
                 f"{self.name}'s start")
        if not ready.exists():
            raise LabError(f"{self.name} did not start:\n{self._last_output()}")
        return json.loads(ready.read_text())["url"]

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when it does not end in time."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SEC)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """kill -9, to see what is left (nothing should be)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _last_output(self) -> str:
        out = self.directory / f"{self.name}.out"
        return out.read_text(errors="replace")[-3000:]


def wait_for(condition, timeout: float, what: str, every: float = 0.02) -> None:
    """Return when condition() is true; LabError after `timeout` seconds.

    Half of the time at most is spent asking: what is asked has other work to do.
    """
    deadline = time.monotonic() + timeout
    while True:
        asked = time.monotonic()
        if condition():
            return
        now = time.monotonic()
        if now > deadline:
            raise LabError(f"{what}: not within {timeout} s")
        time.sleep(max(every, now - asked))
