"""Start Barbican, and put secrets into it."""
import base64
import secrets
from pathlib import Path

from ..files import write_atomically
from ..keystone import Keystone, conf
from ..process import Server


class Barbican:
    """A Barbican in `directory`, in the catalog of `keystone`; ends with this process.

    remove: directory to remove if this process is killed.
    """

    def __init__(self, directory: Path, keystone: Keystone, remove: Path | None = None):
        self.directory, self.url = directory, ""
        self._keystone = keystone
        self._server = Server("barbican", "barbican.server", directory, remove, keystone.tls)

    def start(self) -> "Barbican":
        """Start it; returns when it answers and stands in the catalog."""
        home = self.directory / ".barbican"     # where Barbican looks first, below its home
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(home / "barbican.conf", conf.text(self._sections()), mode=0o600)
        self.url = self._server.start()
        self._keystone.announce("barbican", "key-manager", self.url)
        return self

    def stop(self) -> None:
        """End it; its files stay."""
        self._server.stop()

    def store(self, user: str, payload: str | bytes, **more: str) -> str:
        """A new secret of this user's, of text unless told otherwise; its reference."""
        about = {"payload": payload, "payload_content_type": "text/plain", **more}
        answer = self._keystone.session(user).post(f"{self.url}/v1/secrets", json=about)
        return answer.json()["secret_ref"]

    def _sections(self) -> dict[str, dict]:
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        return {"DEFAULT": {"log_file": f"{self.directory}/barbican.log", "use_stderr": "false",
                            "db_auto_create": "true"},
                "database": {"connection": f"sqlite:///{self.directory}/barbican.sqlite"},
                "oslo_policy": {"enforce_new_defaults": "true", "enforce_scope": "true"},
                "simple_crypto_plugin": {"kek": key},
                "keystone_authtoken": self._keystone.authtoken("barbican")}
