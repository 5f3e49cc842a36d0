"""Mistral, as the caller of a request or as trove-api's own user."""
import functools
import json
import logging
import secrets
from typing import Any
from urllib.parse import quote

from keystoneauth1 import exceptions as ks
from keystoneauth1 import loading, noauth, token_endpoint
from keystoneauth1.access.service_catalog import ServiceCatalogV2
from keystoneauth1.session import Session
from oslo_config import cfg
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from ...planning.lock_names import START_KEY
from ...services import certificates, tls
from ...services.mistral_api import with_version
from ...services.scope import MISTRAL, TROVE, Scope, catalog_of, offered
from ..errors import words_of
from .config import GROUP, options

LOG = logging.getLogger(__name__)
CONFLICT = 409
KEY_BYTES = 32
WORKFLOW = "trove_upgrade.cluster"


class Silent(Exception):
    """Mistral did not answer. ``unsent``: it has not even got the request."""

    def __init__(self, words: str, unsent: bool = False):
        super().__init__(words)
        self.unsent = unsent


class Refused(Exception):
    """Mistral answered with an error status."""

    def __init__(self, status: int, words: str):
        super().__init__(words)
        self.status = status


class Mistral:
    """Mistral's API at ``url`` with the rights of a keystoneauth session.

    ``project_id``: the user's; None: it has no authentication, so that everybody sees everything.
    """

    def __init__(self, session: Session, url: str, project_id: str | None):
        self._session = session
        self._project_id = project_id
        self._url = with_version(url)

    def start(self, execution_id: str, inputs: dict[str, Any], env: dict[str, str]) -> None:
        """Start an upgrade under an id of ours: asked twice, Mistral starts it once."""
        self._ask("POST", "/executions", json={
            "id": execution_id, "workflow_name": WORKFLOW, "input": inputs,
            "description": "Asked for at Trove's API.", "params": {"env": env}})

    def state(self, execution_id: str) -> str | None:
        """State of an execution, or None when this user sees none of that id."""
        found = self._find(f"/executions/{execution_id}?fields=state")
        return found["state"] if found else None

    def sees_all(self) -> bool:
        """Whether what this user does not find is not there, in whatever project."""
        if self._project_id is None:
            return True
        try:
            self._ask("GET", "/executions?all_projects=true&limit=1&fields=id")
        except Refused:
            return False
        return True

    def variables(self, environment: str) -> dict[str, Any] | None:
        """Variables of an environment, or None when this user's project has none so named. What
        Mistral shows of other projects does not count."""
        listed = self._ask("GET", f"/environments?name={quote(environment)}")["environments"]
        found = next((one for one in listed if one["name"] == environment
                      and self._project_id in (None, one["project_id"])), None)
        if found is None:
            return None
        variables = found["variables"]          # Mistral sends them as text
        return json.loads(variables) if isinstance(variables, str) else variables

    def secret(self, environment: str) -> str:
        """The variable ``key`` of an environment of this user's project; made if it is missing."""
        found = self.variables(environment)
        if found is None:
            made = {"name": environment, "variables": {"key": secrets.token_hex(KEY_BYTES)}}
            try:
                self._ask("POST", "/environments", json=made)
            except Refused as error:
                if error.status != CONFLICT:        # another process was quicker
                    raise
            found = self.variables(environment)
        return (found or {}).get("key", "")

    def _find(self, path: str) -> dict[str, Any] | None:
        try:
            return self._ask("GET", path)
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def _ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        try:
            return self._session.request(self._url + path, method, **body).json()
        except ks.HttpError as error:
            raise Refused(error.http_status, _fault(error)) from error
        except ks.ClientException as error:
            raise Silent(_words(error), unsent=_unsent(error)) from error
        except OSError as error:        # requests', of a file with certificates
            raise Silent(_words(error), unsent=True) from error
        except ValueError as error:
            raise Silent("Its answer is not JSON.") from error


def as_caller(context: Any) -> Mistral:
    """With the token of the request.

    :raises Silent: its catalog has no Mistral.
    """
    conf = options()
    if conf.mistral_auth == "none":
        return _plain()
    url = conf.mistral_url or _in_catalog(context, conf.interface)
    if not url:
        raise _nowhere(_catalog(context))
    return Mistral(_session(token_endpoint.Token(url, context.auth_token)), url,
                   context.project_id or "")


def as_service() -> Mistral:
    """With trove-api's own user.

    :raises Silent: none is configured, or Keystone does not answer.
    """
    conf = options()
    if conf.mistral_auth == "none":
        return _plain()
    try:
        session = _service_session(conf.auth_section)
        catalog = catalog_of(session)
        url = conf.mistral_url or Scope(_region(catalog), conf.interface).url(session, MISTRAL)
        if not url:
            raise _nowhere(catalog)
        project_id = session.get_project_id() or ""
    except (ks.ClientException, OSError) as error:
        raise Silent(_words(error), unsent=True) from error
    return Mistral(session, url, project_id)


_KEYS: list[str] = []       # never changes once it is there


def start_key() -> str:
    """What makes the ids of our executions such that nobody else can foretell them.

    Empty where there is no service user, or no Keystone, to keep a secret.

    :raises Silent: Mistral does not answer.
    """
    conf = options()
    if conf.mistral_auth == "none" or not _has_service_user(conf.auth_section):
        return ""
    if not _KEYS:
        try:
            _KEYS.append(as_service().secret(START_KEY))
        except Refused as error:
            LOG.warning("The service user can't keep a secret in Mistral, so that others can "
                        "foretell the ids of executions: %s", error)
            return ""
    return _KEYS[0]


def _has_service_user(section: str) -> bool:
    try:
        _service_session(section)
    except (Silent, ks.ClientException):
        return False
    return True


def location(context: Any, execution_id: str) -> str:
    """URL of an execution as users reach it."""
    conf = options()
    url = (conf.mistral_public_url or _in_catalog(context, "public") or conf.mistral_url or "")
    return f"{with_version(url)}/executions/{execution_id}"


@functools.lru_cache(maxsize=1)
def _service_session(section: str) -> Session:
    """One for the process, so that its token is used until it expires, then renewed."""
    auth = loading.load_auth_from_conf_options(cfg.CONF, section)
    if auth is None:
        raise Silent(f"[{section}] of trove.conf names no user.", unsent=True)
    return _session(auth)


def _plain() -> Mistral:
    return Mistral(_session(noauth.NoAuth()), options().mistral_url, None)


def _session(auth: Any) -> Session:
    """With the TLS options of the section that has the service user's credentials."""
    conf = options()
    return tls.session(cfg.CONF, conf.auth_section, auth, conf.http_timeout_sec, conf.cafile)


def _in_catalog(context: Any, interface: str) -> str | None:
    catalog = _catalog(context)
    found = catalog.get_urls(service_type=MISTRAL, interface=interface,
                             region_name=_region(catalog) or None)
    return found[0] if found else None


def _catalog(context: Any) -> ServiceCatalogV2:
    """The middleware hands the token's catalog on in the format of Keystone's version 2."""
    return ServiceCatalogV2(context.service_catalog or [])


def region(context: Any) -> str:
    """Trove's own, where the upgrades are that begin here; empty when nobody has said it."""
    return _region(_catalog(context))


def _region(catalog: Any) -> str:
    """As configured, else Trove's for its own clients: that has a default, which counts only where
    the catalog has a Trove there."""
    if options().region_name:
        return str(options().region_name)
    own = str(getattr(getattr(cfg.CONF, "service_credentials", None), "region_name", None) or "")
    return own if own in offered(TROVE, catalog) else ""


def _nowhere(catalog: Any) -> Silent:
    scope = Scope(_region(catalog), options().interface)
    return Silent(scope.lacks(MISTRAL, catalog), unsent=True)


def _words(error: BaseException) -> str:
    """What went wrong; of a certificate, which option is to be set."""
    if certificates.is_certificate_error(error):
        return certificates.complaint(error, f"cafile in [{options().auth_section}] or in "
                                      f"[{GROUP}] of trove.conf")
    return words_of(error)


def _unsent(error: BaseException | None) -> bool:
    """Whether no connection was made at all, so that nothing can have begun."""
    while error is not None:
        reason = getattr(error, "reason", None)
        if isinstance(error, (NewConnectionError, ConnectTimeoutError)) or isinstance(
                reason, (NewConnectionError, ConnectTimeoutError)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _fault(error: ks.HttpError) -> str:
    """What Mistral itself says."""
    try:
        said = error.response.json() if error.response is not None else {}
        return words_of(said["faultstring"]) or words_of(error)
    except (KeyError, TypeError, ValueError):
        return words_of(error)
