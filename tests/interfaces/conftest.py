"""The command line as people use it: its own process, its own state directory."""
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from tests.waits import PATIENCE_SEC, until

PROGRAM = pathlib.Path(sys.executable).with_name("trove-upgrade")


class Cli:
    """Runs `trove-upgrade`; ``env`` is added to a clean environment."""

    def __init__(self, directory, env=None):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
        self.directory = directory
        self.env = {**kept, "XDG_STATE_HOME": str(directory), "HOME": str(directory),
                    "XDG_CONFIG_HOME": str(directory), **(env or {})}

    def __call__(self, *arguments):
        """Run to the end; the result has returncode, stdout, stderr."""
        return subprocess.run([PROGRAM, *arguments], env=self.env, capture_output=True, text=True,
                              timeout=PATIENCE_SEC, stdin=subprocess.DEVNULL, check=False,
                              cwd=self.directory)

    def begin(self, *arguments):
        """Start it and return the process; its output goes to the file `output`."""
        with (self.directory / "output").open("w") as output:
            return subprocess.Popen([PROGRAM, *arguments], env=self.env, stdout=output,
                                    stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                    cwd=self.directory,
                                    preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                                     signal.default_int_handler))

    def until(self, text):
        """Wait until the output of `begin` holds ``text``; all of it."""
        output = self.directory / "output"
        until(lambda: text in output.read_text(), repr(text), story=output.read_text)
        return output.read_text()


@pytest.fixture
def cli(tmp_path):
    """The command line without any cloud."""
    return Cli(tmp_path)


@pytest.fixture
def make_cli():
    """Cli(directory, env)."""
    return Cli
