"""The files of one engine's directory, and the lock that gives the directory one engine."""
import contextlib
import fcntl
import json
import os
import pathlib
import time

LOCK_PATIENCE_SEC = 3.0     # an engine that is stopping still holds it for a moment


class Files:
    """Names of the files that an engine keeps in ``directory``."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory).absolute()
        self.ready = self.directory / "engine.json"
        self.lock = self.directory / "engine.lock"
        self.settings = self.directory / "mistral.conf"
        self.database = self.directory / "mistral.sqlite"
        self.log = self.directory / "mistral.log"
        self.output = self.directory / "engine.out"

    def create(self):
        """Make the directory, for its owner only: the database holds inputs and results."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)


def write_json(path, value):
    """Write ``value`` at once: a reader sees the old text or the new one, never a half."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_text(json.dumps(value) + "\n", encoding="utf-8")
    new.replace(path)


def read_json(path):
    """Return the file's value, or None when there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def take_lock(path):
    """Hold the directory until this process ends; return False when another one holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + LOCK_PATIENCE_SEC
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                return False
            time.sleep(0.02)
        else:
            return True


def is_locked(path):
    """Say whether a living process holds the lock."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
