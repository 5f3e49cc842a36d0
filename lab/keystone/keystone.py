"""Start Keystone, and log in to it."""
import secrets
from pathlib import Path

from ...interfaces.session import PatientSession
from ..files import write_atomically
from ..process import Server
from . import conf, people


class Keystone:
    """A Keystone with the people of people.py in `directory`; ends with this process.

    token_sec: how long its tokens last. remove: directory to remove if this process is killed.
    """

    def __init__(self, directory: Path, token_sec: int = 3600, remove: Path | None = None):
        self.directory, self.token_sec, self.url = directory, token_sec, ""
        self.database = directory / "keystone.sqlite"
        self._passwords = {person.name: secrets.token_hex(12) for person in people.PEOPLE}
        self._server = Server("keystone", "keystone.server", directory,
                              *(["--remove", str(remove)] if remove else []))

    def start(self) -> "Keystone":
        """Start it and let the people in; returns when they can log in."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        conf.write(self.directory, self.token_sec)
        write_atomically(self.directory / "admin-password", self.password("admin"), mode=0o600)
        self.url = self._server.start()
        with_admin = self.identity()
        with_admin.create_region(id=people.REGION)
        self.announce("keystone", "identity", self.url)
        people.admit(with_admin, self._passwords)
        return self

    def stop(self) -> None:
        """End it; its files stay."""
        self._server.stop()

    def announce(self, name: str, kind: str, url: str) -> None:
        """Put a service into the catalog; `url` may hold %(tenant_id)s."""
        people.announce(self.identity(), name, kind, url)

    def identity(self):
        """openstacksdk's identity proxy of the administrator: users, roles, trusts ..."""
        from openstack.connection import Connection
        return Connection(session=self.session("admin"), region_name=people.REGION,
                          identity_endpoint_override=self.url, identity_api_version="3").identity

    def password(self, name: str) -> str:
        """A person's password; random, of this lab only."""
        return self._passwords[name]

    def env(self, name: str) -> dict[str, str]:
        """OS_* variables that log stock clients in."""
        return {"OS_AUTH_TYPE": "v3password", "OS_AUTH_URL": self.url,
                "OS_USERNAME": name, "OS_PASSWORD": self.password(name),
                "OS_PROJECT_NAME": people.project_of(name), "OS_USER_DOMAIN_NAME": "Default",
                "OS_PROJECT_DOMAIN_NAME": "Default", "OS_REGION_NAME": people.REGION,
                "OS_IDENTITY_API_VERSION": "3"}

    def session(self, name: str, **options) -> PatientSession:
        """A keystoneauth session of its own; options are keystoneauth's (user_agent ...)."""
        from keystoneauth1.identity.v3 import Password
        auth = Password(self.url, username=name, password=self.password(name),
                        project_name=people.project_of(name), user_domain_name="Default",
                        project_domain_name="Default")
        return PatientSession(auth=auth, **options)
