"""A program of the lab in a session of its own: a signal reaches all the processes that it forks.

Its number stands in DIR/pids while it runs. `python -m trove_upgrade.lab.mistral.daemon` is the
guard: it ends the programs of a lab whose maker was killed, and removes the lab's directory.
"""
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..files import write_atomically
from ..process import START_SEC, STOP_SEC, LabError, wait_for

PIDS = "pids"


class Daemon:
    """`command`, whose output goes to DIRECTORY/NAME.out.

    env: its whole environment; None for ours. identity: who runs it, arguments of Popen.
    """

    def __init__(self, name: str, directory: Path, command: list[str],
                 env: dict[str, str] | None = None, identity: dict[str, Any] | None = None):
        self.name, self.directory, self.command = name, directory, command
        self.env, self._identity = env, identity or {}
        self.out = directory / f"{name}.out"
        self._process: subprocess.Popen | None = None

    def start(self) -> "Daemon":
        """Start it, unless it runs, and return at once; see `wait`."""
        if self.alive:
            return self
        with self.out.open("ab") as out:
            self._process = subprocess.Popen(
                self.command, cwd=self.directory, env=self.env, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, **self._identity)
        pids = self.directory / PIDS
        pids.mkdir(exist_ok=True)
        write_atomically(pids / self.name, str(self._process.pid))
        return self

    def wait(self, ready, timeout: float = START_SEC) -> None:
        """Return when ready() is true; LabError with its last words when it ends before."""
        wait_for(lambda: not self.alive or ready(), timeout, f"{self.name}'s start", every=0.1)
        if not self.alive:
            words = self.out.read_text(errors="replace")[-2000:]
            raise LabError(f"{self.name} did not start:\n{words}")

    @property
    def alive(self) -> bool:
        """Whether its first process runs."""
        return self._process is not None and self._process.poll() is None

    def signal(self, number: int) -> None:
        """Send it to all its processes."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """kill -9 of all its processes."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        (self.directory / PIDS / self.name).unlink(missing_ok=True)

    def stop(self, timeout: float = STOP_SEC) -> None:
        """SIGTERM, and SIGKILL for what has not ended in time."""
        self.signal(signal.SIGTERM)
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()


def main() -> None:
    """Stay until the parent's end; then kill what still runs."""
    from ..serving import PARENT_CHECK_SEC, options
    chosen = options("Ends a lab whose maker was killed")
    directory = Path(chosen.dir).resolve()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    write_atomically(directory / "guard.json", f'{{"url": "", "pid": {os.getpid()}}}')
    while os.getppid() == chosen.parent:
        time.sleep(PARENT_CHECK_SEC)
    for path in (directory / PIDS).glob("[!.]*"):
        with suppress(ProcessLookupError):
            os.killpg(int(path.read_text()), signal.SIGKILL)
    if chosen.remove:
        shutil.rmtree(chosen.remove, ignore_errors=True)


if __name__ == "__main__":
    main()
