"""Start Keystone, and log in to it."""
import secrets
from pathlib import Path

from ...interfaces.session import PatientSession
from ..authority import Authority
from ..files import write_atomically
from ..process import Server
from . import conf, people

DEAD = "https://127.0.0.1:1"


class Keystone:
    """A Keystone with the people of people.py in `directory`; ends with this process.

    token_sec: how long its tokens last. remove: directory to remove if this process is killed.
    authority: whose certificates it and the other services have; without one they speak HTTP.
    internal: at the public URLs of its catalog nobody listens.
    """

    def __init__(self, directory: Path, token_sec: int = 3600, remove: Path | None = None,
                 authority: Authority | None = None, internal: bool = False):
        self.directory, self.token_sec, self.url = directory, token_sec, ""
        self.cafile = str(authority.file) if authority else ""
        self.tls = authority.issue(authority.file.parent, "127.0.0.1") if authority else ()
        self.interface = "internal" if internal else "public"
        self.database = directory / "keystone.sqlite"
        self._passwords = {person.name: secrets.token_hex(12) for person in people.PEOPLE}
        self._server = Server("keystone", "keystone.server", directory, remove, self.tls)

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

    def announce(self, name: str, kind: str, url: str, region: str = people.REGION) -> None:
        """Put a service into the catalog; `url` may hold %(tenant_id)s."""
        urls = dict.fromkeys(people.INTERFACES, url) | (
            {"public": DEAD} if self.interface == "internal" else {})
        people.announce(self.identity(), name, kind, urls, region)

    def identity(self):
        """openstacksdk's identity proxy of the administrator: users, roles, trusts ..."""
        from openstack.connection import Connection
        return Connection(session=self.session("admin"), region_name=people.REGION,
                          identity_endpoint_override=self.url, identity_api_version="3").identity

    def password(self, name: str) -> str:
        """A person's password; random, of this lab only."""
        return self._passwords[name]

    def credentials(self, name: str) -> dict[str, str]:
        """Options of keystoneauth for a service user."""
        return conf.credentials(self.url, name, self.password(name), self.cafile)

    def authtoken(self, name: str) -> dict[str, str]:
        """Section [keystone_authtoken] of a service that has this service user."""
        return conf.authtoken(self.url, name, self.password(name), self.cafile)

    def env(self, name: str, region: str = people.REGION) -> dict[str, str]:
        """OS_* variables that log stock clients in; these have three for the interface."""
        interface = dict.fromkeys(("OS_INTERFACE", "OS_ENDPOINT_TYPE", "OS_MISTRAL_ENDPOINT_TYPE"),
                                  self.interface)
        return {"OS_AUTH_TYPE": "v3password", "OS_AUTH_URL": self.url,
                "OS_USERNAME": name, "OS_PASSWORD": self.password(name),
                "OS_PROJECT_NAME": people.project_of(name), "OS_USER_DOMAIN_NAME": "Default",
                "OS_PROJECT_DOMAIN_NAME": "Default", "OS_REGION_NAME": region,
                "OS_IDENTITY_API_VERSION": "3", **interface,
                **({"OS_CACERT": self.cafile} if self.cafile else {})}

    def session(self, name: str, **options) -> PatientSession:
        """A keystoneauth session of its own; options are keystoneauth's (user_agent ...)."""
        from keystoneauth1.identity.v3 import Password
        auth = Password(self.url, username=name, password=self.password(name),
                        project_name=people.project_of(name), user_domain_name="Default",
                        project_domain_name="Default")
        return PatientSession(auth=auth, verify=self.cafile or True, **options)
