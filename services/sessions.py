"""Keystoneauth sessions: the caller's token, the service user, a trust, clouds.yaml."""
import functools
from typing import Any

from keystoneauth1 import exceptions as ks
from keystoneauth1 import loading, session
from keystoneauth1.access import service_catalog
from keystoneauth1.token_endpoint import Token
from oslo_config import cfg

from ..schemas import UpgradeError
from . import clouds, tls
from .config import options
from .scope import MISTRAL, TROVE, Scope, catalog_of, offered, urls

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

    :ivar home: where Mistral is asked.
    :ivar scope: where Trove is asked: in the region that the run names, else at home.
    """

    def __init__(self, signed: session.Session, region: str = "", home: Scope | None = None):
        self._session = signed
        self.home = home or _configured()
        self.scope = self.home.within(region)

    @property
    def region(self) -> str:
        """Of Trove; empty for the catalog's first."""
        return self.scope.region

    def at(self, service_type: str) -> Scope:
        """Where the service is asked."""
        return self.scope if service_type == TROVE else self.home

    def session(self, service_type: str) -> session.Session:
        """A session whose endpoints are known."""
        return self._session

    def url(self, service_type: str) -> str:
        """The service's URL in the catalog.

        :raises UpgradeError: code ``no_endpoint``.
        """
        found = self.at(service_type).url(self._session, service_type)
        self._check(found, service_type, catalog_of(self._session))
        return found

    def _check(self, url: str, service_type: str, catalog: Any) -> None:
        """:raises UpgradeError: there is no such endpoint, or it can't be told which one is ours.
        """
        scope = self.at(service_type)
        if not url:
            raise UpgradeError("no_endpoint", scope.lacks(service_type, catalog), "stop")
        if service_type == MISTRAL and not scope.region and not scope.overrides.get(MISTRAL) \
                and len(urls(service_type, scope.interface, catalog)) > 1:
            raise UpgradeError("no_endpoint", "The catalog has several Mistrals, in the regions "
                               f"{', '.join(offered(service_type, catalog))}, and nobody says "
                               "which one this is: set region_name in [trove_upgrade] of "
                               "mistral.conf.", "stop")

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

    def __init__(self, security: Any, region: str = ""):
        self._security = security
        self.home = _configured(security.region_name or "")
        self.scope = self.home.within(region)

    @property
    def project_id(self) -> str:
        return str(self._security.project_id or "")

    def session(self, service_type: str) -> session.Session:
        return _session(Token(self.url(service_type), self._token()))

    def url(self, service_type: str) -> str:
        self._token()
        entries = self._security.service_catalog or []
        if isinstance(entries, dict):
            entries = entries.get("catalog", [])
        catalog, scope = service_catalog.ServiceCatalogV3(entries), self.at(service_type)
        found = catalog.get_urls(service_type=service_type, interface=scope.interface,
                                 region_name=scope.region or None)
        self._check(str(found[0]) if found else "", service_type, catalog)
        return str(found[0])

    def _token(self) -> str:
        token = getattr(self._security, "auth_token", None)
        if not token:
            raise no_token()
        return str(token)


def no_token() -> UpgradeError:
    """The error of a step that Mistral takes in nobody's name before rights were kept."""
    return UpgradeError("no_token", "The execution carries no token: an executor died, or Mistral "
                        "was started again, before the run could keep its caller's rights; or it "
                        "works without Keystone. Start the upgrade again; a one-user engine takes "
                        "auth = cloud in [trove_upgrade].", "stop")


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
def cloud(name: str | None, region: str = "") -> Actor:
    """The cloud of clouds.yaml or of the OS_* variables: one session for the process."""
    signed, home = clouds.find(name)
    signed.timeout = options().http_timeout_sec
    return Actor(signed, region, home)


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


def _session(auth: Any) -> session.Session:
    """With the TLS options of the section that has the service user's credentials."""
    conf = options()
    return tls.session(cfg.CONF, conf.auth_section, auth, conf.http_timeout_sec, conf.cafile,
                       Session)


def _configured(region: str = "") -> Scope:
    """The configured region comes before that of a request."""
    return Scope(options().region_name or region, options().interface)


def _refused(error: ks.HttpError) -> Exception:
    """Keystone no longer signs for the actor; other answers of Keystone are as they are."""
    if error.http_status not in (401, 403, 404):
        return error
    return UpgradeError(REVOKED, "The rights of this run are not there any more: a role or the "
                        "trust was taken away, or the user was disabled. Nothing more is touched. "
                        f"Keystone says {error.http_status}: {error.message}", "stop")
