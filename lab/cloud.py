"""A whole cloud on one machine: Keystone, Trove and Mistral behind it, one catalog; where wanted,
Horizon and Barbican.

Users, projects and roles are in keystone/people.py. Everything is the real thing but for what
lab.py doubles (compute, volumes, network, images, guest agents).
"""
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ..embedded import EmbeddedEngine
from .authority import Authority
from .barbican import Barbican
from .files import write_atomically
from .horizon import Horizon
from .keystone import Keystone, conf
from .keystone.people import REGION, SECOND
from .lab import Lab
from .process import START_SEC


class Cloud:
    """Keystone, Mistral and Trove in `directory` (default: a new one, removed at the end).

    distributed: Mistral as a service of many processes, on MariaDB and RabbitMQ.
    token_sec: how long Keystone's tokens last. rest: with this pack's routes in Trove's API.
    dashboard: with Horizon. barbican: with Barbican; `start_barbican` can bring it later.
    tls: its services speak TLS, with certificates of an authority of its own. internal: at the
    public URLs of its catalog nobody listens. second_region: one more Trove, in RegionTwo.
    mistral, trove: more sections for mistral.conf and trove.conf, {section: {option: value}}.
    lab_options: those of `Lab`. A context manager; nothing of it outlives the `with`, nor this
    process.
    """

    def __init__(self, directory: str | Path | None = None, token_sec: int = 3600,
                 rest: bool = True, dashboard: bool = False, barbican: bool = False,
                 tls: bool = False, internal: bool = False, second_region: bool = False,
                 mistral: dict | None = None, trove: dict | None = None,
                 distributed: bool = False, **lab_options):
        self._own_directory = directory is None
        self.directory = Path(directory or
                              tempfile.mkdtemp(prefix="trove-upgrade-cloud-")).resolve()
        self._remove = self.directory if self._own_directory else None
        self._mistral, self._trove = mistral or {}, trove or {}
        self._lab_options = {"rest": rest, "remove": str(self._remove or ""), **lab_options}
        self.keystone = Keystone(self.directory / "keystone", token_sec, self._remove,
                                 self._authority() if tls else None, internal)
        self.lab: Any = None                    # a Lab; it needs Keystone's URL first
        self.second: Any = None                 # that of the second region, where it is wanted
        self.engine: Any = None                 # an EmbeddedEngine or MistralService; so does this
        self.horizon: Any = None                # a Horizon; so does this, where it is wanted
        self.barbican: Any = None               # a Barbican; so does this, where it is wanted
        self._dashboard, self._barbican, self._second_region = dashboard, barbican, second_region
        self._distributed = distributed
        self._sessions: dict = {}

    def __enter__(self) -> "Cloud":
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> "Cloud":
        """Start all three and fill the catalog; returns when every API answers."""
        self.keystone.start()
        self.lab = self._start_lab("trove", REGION)
        self._start_mistral()
        if self._second_region:
            self._start_second_region()
        if self._dashboard:
            self._start_horizon()
        if self._barbican:
            self.start_barbican()
        return self

    def start_barbican(self) -> Barbican:
        """Start Barbican, if it is not there yet."""
        if self.barbican is None:
            self.barbican = Barbican(self.directory / "barbican", self.keystone, self._remove)
            self.barbican.start()
        return self.barbican

    def stop(self) -> None:
        """End everything; remove the directory if the cloud made it."""
        for part in (self.horizon, self.barbican, self.engine, self.second, self.lab,
                     self.keystone):
            if part is not None:
                part.stop()
        if self._own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def access_dir(self) -> Path:
        """The access files of the pack: how its drivers reach the members' servers."""
        return self.lab.access_dir

    def password(self, name: str) -> str:
        """A person's password."""
        return self.keystone.password(name)

    def env(self, user: str = "demo", region: str = REGION) -> dict[str, str]:
        """OS_* variables that log stock clients in as this user."""
        return self.keystone.env(user, region)

    def write_rc(self, user: str = "demo") -> Path:
        """Write a file for a shell to source, which logs the user in; returns its path."""
        lines = [f"export {key}={value}" for key, value in self.env(user).items()]
        path = self.directory / f"{user}.rc"
        write_atomically(path, "\n".join(lines) + "\n", mode=0o600)
        return path

    def session(self, user: str = "demo"):
        """The user's keystoneauth session; it renews its token by itself."""
        if user not in self._sessions:
            self._sessions[user] = self.keystone.session(user)
        return self._sessions[user]

    def trove(self, user: str = "demo"):
        """A stock troveclient."""
        return self.lab.client(user)

    def mistral(self, user: str = "demo"):
        """A stock mistralclient."""
        from mistralclient.api.client import client
        return client(mistral_url=self.engine.url, session=self.session(user),
                      cacert=self.keystone.cafile or None)

    def _authority(self) -> Authority:
        place = self.directory / "tls"
        place.mkdir(parents=True, exist_ok=True)
        return Authority(place, "lab CA")

    def _start_lab(self, name: str, region: str, **options) -> Lab:
        """A Trove with its members' servers, in the catalog."""
        lab = Lab(self.directory / name, keystone=self.keystone, region=region,
                  more=conf.text(self._trove_sections(region)),
                  tls=tuple(map(str, self.keystone.tls)), **self._lab_options | options)
        if lab.kind.unprivileged or self._distributed:
            self.directory.chmod(0o711)    # as the lab does with its own, which is in this one
        lab.start()
        self.keystone.announce("trove", "database", f"{lab.url}/%(tenant_id)s", region)
        return lab

    def _start_second_region(self) -> None:
        """Its members' servers have the same port, so that one access file does for both."""
        self.keystone.identity().create_region(id=SECOND)
        self.second = self._start_lab("trove-two", SECOND, port=self.lab.settings.port,
                                      bus_port=self.lab.settings.bus_port)
        self.keystone.announce("mistral", "workflowv2", self.engine.url, SECOND)

    def _start_mistral(self) -> None:
        where, more = self.directory / "mistral", self._mistral_sections()
        if self._distributed:
            from .mistral import MistralService
            self.engine = MistralService(where, more, self.access_dir, _without_cloud(),
                                         self._remove)
            self.engine.start()
        else:
            path = self.keystone.directory / "mistral-more.conf"
            write_atomically(path, conf.text(more), mode=0o600)
            self.engine = EmbeddedEngine(where, access_dir=self.access_dir, config=path,
                                         env=_without_cloud(), remove=self._remove)
            self.engine.start(START_SEC)
        self.keystone.announce("mistral", "workflowv2", self.engine.url)
        if self._distributed:
            self.engine.install(self.session("admin"))

    def _start_horizon(self) -> None:
        self.horizon = Horizon(self.directory / "horizon", self.keystone, self._remove)
        self.horizon.start()
        self.keystone.announce("nova", "compute", self.horizon.compute_url)

    def _trove_sections(self, region: str) -> dict[str, dict]:
        return _merged({
            "keystone_authtoken": self.keystone.authtoken("trove"),
            "service_credentials": {**self.keystone.credentials("trove"), "region_name": region},
            "trove_upgrade_api": {"interface": self.keystone.interface},
        }, self._trove)

    def _mistral_sections(self) -> dict[str, dict]:
        """The part of mistral.conf that makes it a service of this cloud."""
        certificate, key = self.keystone.tls or ("", "")
        return _merged({
            "pecan": {"auth_enable": "true"},
            "api": {"enable_ssl_api": str(bool(self.keystone.tls))},
            "ssl": {"cert_file": certificate, "key_file": key},
            "keystone_authtoken": self.keystone.authtoken("mistral"),
            "trove_upgrade": {"auth": "trust", "interface": self.keystone.interface},
        }, self._mistral)


def _merged(sections: dict[str, dict], more: dict[str, dict]) -> dict[str, dict]:
    return {name: {**sections.get(name, {}), **more.get(name, {})}
            for name in (*sections, *(set(more) - set(sections)))}


def _without_cloud() -> dict[str, str]:
    """Our environment without OS_*: a service logs in by its configuration alone."""
    return {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
