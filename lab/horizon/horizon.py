"""Start Horizon with trove-dashboard, mistral-dashboard and this pack's plugin."""
import secrets
import subprocess
import sys
from pathlib import Path

from ..keystone import Keystone
from ..process import LabError, Server
from . import conf

PLUGIN = "trove_upgrade.interfaces.dashboard"
INSTALL_SEC = 60


class Horizon:
    """A Horizon in `directory`; ends with this process.

    keystone: the Keystone whose people log in. remove: directory to remove if this process
    is killed.
    """

    def __init__(self, directory: Path, keystone: Keystone, remove: Path | None = None):
        self.directory, self.url, self.compute_url = directory, "", ""
        self._keystone = keystone
        self._server = Server("horizon", "horizon.server", directory, remove)

    def start(self) -> "Horizon":
        """Set it up and start it; returns when it answers."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        conf.write(self.directory, self._keystone, secrets.token_hex(32))
        self._enable()
        self.url = self._server.start()
        self.compute_url = self.url + "/lab-compute/v2.1"
        return self

    def stop(self) -> None:
        """End it; its files stay."""
        self._server.stop()

    def _enable(self) -> None:
        """As an operator does it."""
        done = subprocess.run(
            [sys.executable, "-m", PLUGIN, "--to", str(self.directory / "enabled"), "--with-all"],
            capture_output=True, text=True, timeout=INSTALL_SEC)
        if done.returncode:
            raise LabError(f"the plugin was not enabled:\n{done.stderr[-2000:]}")
