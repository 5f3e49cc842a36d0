"""The files of one engine's directory, and the lock that gives the directory one engine."""
import contextlib
import errno
import fcntl
import json
import os
import pathlib
import shutil
import stat
import time

LOCK_PATIENCE_SEC = 3.0     # an engine that is stopping still holds it for a moment
OWN = ("engine.", "mistral.")       # how the names of an engine's files begin
OTHERS = 0o077
LEAST_FREE_BYTES = 10 * 2**20       # for the database and the log of one upgrade
DATABASE = "mistral.sqlite"


class NotPrivate(Exception):
    """The directory, or a file in it, is not its owner's alone; the text says what to do."""


class Files:
    """Names of the files that an engine keeps in ``directory``."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory).absolute()
        self.ready = self.directory / "engine.json"
        self.lock = self.directory / "engine.lock"
        self.settings = self.directory / "mistral.conf"
        self.database = self.directory / DATABASE
        self.log = self.directory / "mistral.log"
        self.output = self.directory / "engine.out"

    def create(self):
        """Make the directory, for its owner only: the database holds inputs and results.

        :raises NotPrivate: it exists, and can't be made so.
        :raises OSError: it can't be made, or has no room.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.close_to_others()
        if shutil.disk_usage(self.directory).free < LEAST_FREE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close_to_others(self):
        """Take every right of others from the directory and from the engine's files in it.

        :raises NotPrivate: something is another user's, or the directory is shared with other
            things, which might need the rights.
        """
        _check_owner(self.directory, self.directory.stat())
        shared = self.directory.stat().st_mode & OTHERS
        own, foreign = _by_name(self.directory)
        if shared and foreign:
            raise NotPrivate(f"Other users may enter {self.directory}, and it holds more than an "
                             f"engine's files ({foreign[0].name}). Choose a directory of its own, "
                             f"or: chmod 700 {self.directory}")
        if shared:
            self.directory.chmod(0o700)
            own, _ = _by_name(self.directory)       # what came in until then
        for path in own:
            _make_private(path)


def _by_name(directory):
    """(the engine's files, everything else) in the directory."""
    every = sorted(directory.iterdir())
    own = [path for path in every if path.name.startswith(OWN)]
    return own, [path for path in every if path not in own]


def _make_private(path):
    with contextlib.suppress(FileNotFoundError):       # a working engine renames and removes some
        found = path.lstat()
        _check_owner(path, found)
        if stat.S_ISLNK(found.st_mode):
            raise NotPrivate(f"{path} is a link to another place; remove it.")
        if found.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)


def _check_owner(path, found):
    if found.st_uid != os.geteuid():
        raise NotPrivate(f"{path} belongs to another user (uid {found.st_uid}). Choose a "
                         "directory of your own.")


def private_opener(path, flags):
    """For ``open``: a file that is made is its owner's alone, whatever the umask."""
    return os.open(path, flags, 0o600)


def write_json(path, value):
    """Write ``value`` at once: a reader sees the old text or the new one, never a half."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with open(new, "w", encoding="utf-8", opener=private_opener) as file:
        file.write(json.dumps(value) + "\n")
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
