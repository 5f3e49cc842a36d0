"""Start and stop an embedded engine from Python. Imports nothing of Mistral."""
import contextlib
import importlib.util
import os
import pathlib
import subprocess
import sys
import time
import urllib.parse
from typing import Any

from . import callers
from . import files as engine_files
from .ports import free_port

START_SEC = 180         # a machine may be busy
STOP_SEC = 30
POLL_SEC = 0.02


class EngineError(Exception):
    """The engine did not start; the text says why."""


def running(directory):
    """Return {"url", "pid", "token"} of the engine that works in ``directory``, or None.

    Raises EngineError when the directory is not ours alone: what stands there can't be believed.
    """
    files = engine_files.Files(directory)
    with _as_engine_error(files):
        if not files.directory.exists():
            return None
        files.close_to_others()
    return engine_files.read_json(files.ready) if engine_files.is_locked(files.lock) else None


def check_installed():
    """:raises EngineError: Mistral is not there."""
    if importlib.util.find_spec("mistral") is None:
        raise EngineError("The embedded engine needs Mistral: pip install "
                          "'trove-upgrade[embedded]'")


@contextlib.contextmanager
def _as_engine_error(files):
    try:
        yield
    except engine_files.NotPrivate as error:
        raise EngineError(str(error)) from None
    except OSError as error:
        raise EngineError(f"The engine can't keep its files in {files.directory}: "
                          f"{error.strerror}. Choose another directory (--state-dir).") from error


class EmbeddedEngine:
    """One engine in its own process; a context manager.

    ``directory`` is kept: started again on it, the engine goes on where it was.
    ``env`` replaces the process's environment (the cloud's OS_* variables); None inherits ours.
    ``access_dir`` holds the datastores' access files, ``cloud`` is a name of clouds.yaml.
    ``config`` is one more mistral.conf, whose options win: with [pecan] auth_enable and
    [keystone_authtoken] in it the engine asks that Keystone who its callers are.
    ``workflows`` are more workflow files; ``pack=False`` leaves out the pack's own.
    ``events`` starts the event engine, too, for event triggers.
    ``look_only`` starts the API alone, to read what is in the file; nothing goes on.
    ``remove`` is a directory to remove when this process is killed; needs ``die_with_parent``.

    Started, it is at ``url``, which answers to who knows ``token``; ``client_url`` is both in one,
    for clients of Mistral. The token is None where Keystone knows the callers.
    """

    def __init__(self, directory, env=None, access_dir=None, cloud=None, *, port=0,
                 config=None, events=False, workflows=(), pack=True, die_with_parent=True,
                 look_only=False, remove=None):
        self.files = engine_files.Files(directory)
        self.env = env
        self.url = None
        self.token = None
        self.pid = None
        self._process: Any = None           # the Popen, once it is started
        self._command = [
            sys.executable, "-m", "trove_upgrade.embedded",
            "--dir", str(self.files.directory), "--port", str(port or free_port()),
            *(["--access-dir", str(pathlib.Path(access_dir).absolute())] if access_dir else []),
            *([f"--cloud={cloud}"] if cloud else []),
            *(["--config", str(pathlib.Path(config).absolute())] if config else []),
            *(["--events"] if events else []),
            *(["--remove", str(remove)] if remove else []),
            *(f"--workflow={path}" for path in workflows),
            *([] if pack else ["--no-pack"]), *(["--look-only"] if look_only else []),
            *(["--die-with-parent", str(os.getpid())] if die_with_parent else [])]

    def start(self, timeout_sec=START_SEC):
        """Start the process and wait until it is ready; raise EngineError if it is not."""
        check_installed()
        with _as_engine_error(self.files):
            self.files.create()
            self._process = self._begin()
        try:
            self._wait_ready(time.monotonic() + timeout_sec)
        except BaseException:
            self.kill()
            raise
        return self

    def _begin(self):
        with open(self.files.output, "wb", opener=engine_files.private_opener) as output:
            return subprocess.Popen(
                [*self._command, *self._same_port()], stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, env=None if self.env is None else dict(self.env),
                start_new_session=True)      # Ctrl-C is for the one who started us

    def _same_port(self):
        """Started again, it is where a catalog or a client knows it to be."""
        return ["--port", str(urllib.parse.urlsplit(self.url).port)] if self.url else []

    def _wait_ready(self, deadline):
        while True:
            ready = engine_files.read_json(self.files.ready)
            if ready and ready["pid"] == self._process.pid:
                self.url, self.pid, self.token = ready["url"], ready["pid"], ready["token"]
                return
            if self._process.poll() is not None:
                raise EngineError(f"The engine did not start: {self._last_words()}")
            if time.monotonic() > deadline:
                raise EngineError(f"The engine was not ready in time; see {self.files.log}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(POLL_SEC)

    def _last_words(self):
        words = self.files.output.read_text(encoding="utf-8", errors="replace").strip()
        return words.splitlines()[-1].removeprefix("error: ") if words else f"see {self.files.log}"

    @property
    def client_url(self):
        """The URL for clients of Mistral that know no other way to give a token."""
        if self.token is None:
            return self.url
        return self.url.replace("://", f"://{callers.USER}:{self.token}@", 1)

    @property
    def alive(self):
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self, timeout_sec=STOP_SEC):
        """Stop it (SIGTERM); kill it when it does not end in time."""
        if self.alive:
            self._process.terminate()
            try:
                self._process.wait(timeout_sec)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        """Kill it as a crash would: nothing is cleaned up."""
        if self.alive:
            self._process.kill()
            self._process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
