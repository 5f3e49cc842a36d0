"""Keystoneauth sessions: the caller's token, the service user, a trust, clouds.yaml."""
import functools
from typing import Any

from keystoneauth1 import exceptions as ks
from keystoneauth1 import loading, session
from keystoneauth1.access import service_catalog
from keystoneauth1.token_endpoint import Token
from oslo_config import cfg

from ..schemas import UpgradeError
from .config import options

REVOKED = "rights_revoked"
NO_SCOPE = dict.fromkeys(("domain_id", "domain_name", "project_id", "project_name",
                          "project_domain_id", "project_domain_name"))


class Session(session.Session):
    """Tells Keystone's refusals from those of the service that is asked: clients don't."""

    def get_auth_headers(self, *args: Any, **keywords: Any) -> Any:
        """As keystoneauth's, but raises UpgradeError, code ``rights_revoked``."""
        try:
            return super().get_auth_headers(*args, **keywords)
        except ks.HttpError as error:
            raise _refused(error) from error

    def get_endpoint(self, *args: Any, **keywords: Any) -> Any:
        """As keystoneauth's, but raises UpgradeError, code ``rights_revoked``."""
        try:
            return super().get_endpoint(*args, **keywords)
        except ks.HttpError as error:
            raise _refused(error) from error


class Actor:
    """In whose name services are asked. Its token is renewed by itself when it runs out.

    :ivar region: of the endpoints that are asked; empty for the catalog's first. The configured one
        comes before that of whoever started the run.
    :ivar interface: of the endpoints: public, internal or admin.
    """

    def __init__(self, signed: session.Session, region: str = "", interface: str = ""):
        self._session = signed
        self.region = options().region_name or region
        self.interface = interface or options().interface

    def session(self, service_type: str) -> session.Session:
        """A session whose endpoints are known."""
        return self._session

    def url(self, service_type: str) -> str:
        """The service's URL in the catalog.

        :raises UpgradeError: code ``no_endpoint``.
        """
        try:
            found = self.session(service_type).get_endpoint(
                service_type=service_type, interface=self.interface,
                region_name=self.region or None)
        except ks.CatalogException:
            found = None
        if not found:
            raise self.no_endpoint(service_type)
        return str(found)

    def no_endpoint(self, service_type: str) -> UpgradeError:
        """What is missing in the catalog."""
        where = f" in region {self.region}" if self.region else ""
        return UpgradeError("no_endpoint", f"The catalog has no {self.interface} endpoint for "
                            f"service type {service_type!r}{where}.", "stop")

    @property
    def project_id(self) -> str:
        """The project that its environments are in; empty where Keystone is not asked."""
        without_keystone = options().auth == "cloud" and options().mistral_url
        return "" if without_keystone else str(self._session.get_project_id() or "")

    def verify_credentials(self) -> None:
        """Nothing to verify; a trust overrides this."""


class TrustActor(Actor):
    """The service user with the rights of a trust."""

    def verify_credentials(self) -> None:
        """Get a new token: services remember for minutes that the last one was good.

        :raises UpgradeError: code ``rights_revoked``.
        """
        self._session.invalidate()
        self._session.get_auth_headers()


class TokenActor(Actor):
    """The execution's own token, which can't be renewed."""

    def __init__(self, security: Any):
        self._security = security
        self.region = options().region_name or security.region_name or ""
        self.interface = options().interface

    @property
    def project_id(self) -> str:
        return str(self._security.project_id or "")

    def session(self, service_type: str) -> session.Session:
        return _session(Token(self.url(service_type), self._token()), self._security.insecure)

    def url(self, service_type: str) -> str:
        self._token()
        entries = self._security.service_catalog or []
        if isinstance(entries, dict):
            entries = entries.get("catalog", [])
        found = service_catalog.ServiceCatalogV3(entries).get_urls(
            service_type=service_type, interface=self.interface, region_name=self.region or None)
        if not found:
            raise self.no_endpoint(service_type)
        return str(found[0])

    def _token(self) -> str:
        token = getattr(self._security, "auth_token", None)
        if not token:
            raise UpgradeError("no_token", "The execution carries no token: Mistral was started "
                               "again before the run could keep its caller's rights, or it works "
                               "without Keystone. Start the upgrade again; a one-user engine takes "
                               "auth = cloud in [trove_upgrade].", "stop")
        return str(token)


def service(region: str = "") -> Actor | None:
    """The service user of ``auth_section``, or None when none is configured."""
    conf = options()
    return _signed(conf.auth_section, "", region) if conf.auth != "cloud" else None


def trustee(trust_id: str, region: str = "") -> Actor:
    """The service user with the rights of a trust.

    :raises UpgradeError: code ``no_service_user``.
    """
    found = _signed(options().auth_section, trust_id, region)
    if found is None:
        raise no_service_user()
    return found


@functools.lru_cache(maxsize=8)
def cloud(name: str | None) -> Actor:
    """The cloud of clouds.yaml or of the OS_* variables: one session for the process."""
    import openstack.config
    found = openstack.config.OpenStackConfig().get_one(cloud=name)
    signed = found.get_session()
    signed.timeout = options().http_timeout_sec
    interface = found.get_interface() or ""     # several in their order, or one
    return Actor(signed, found.region_name or "",
                 interface if isinstance(interface, str) else interface[0])


def no_service_user() -> UpgradeError:
    """What to do when a service user is needed and there is none."""
    return UpgradeError("no_service_user", "No service user is configured to keep the caller's "
                        f"rights: give [{options().auth_section}] of mistral.conf one, or set "
                        "auth = context in [trove_upgrade] for short upgrades.", "stop")


@functools.lru_cache(maxsize=128)
def _signed(section: str, trust_id: str, region: str) -> Actor | None:
    """One session a trust for the whole process, so that its token is used until it runs out."""
    loading.register_auth_conf_options(cfg.CONF, section)
    scope = {**NO_SCOPE, "trust_id": trust_id} if trust_id else {}
    auth = loading.load_auth_from_conf_options(cfg.CONF, section, **scope)
    if auth is None:
        return None
    return (TrustActor if trust_id else Actor)(_session(auth), region)


def _session(auth: Any, insecure: bool = False) -> session.Session:
    conf = options()
    return Session(auth=auth, timeout=conf.http_timeout_sec,
                   verify=conf.cafile or not insecure)


def _refused(error: ks.HttpError) -> Exception:
    """Keystone no longer signs for the actor; other answers of Keystone are as they are."""
    if error.http_status not in (401, 403, 404):
        return error
    return UpgradeError(REVOKED, "The rights of this run are not there any more: a role or the "
                        "trust was taken away, or the user was disabled. Nothing more is touched. "
                        f"Keystone says {error.http_status}: {error.message}", "stop")
