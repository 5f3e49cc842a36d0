"""Clients of Mistral and Trove from one keystoneauth session, and their errors as ours."""
import contextlib

from ..services import certificates
from ..services.scope import TROVE, Scope
from .errors import (
    ConnectionFailed,
    Forbidden,
    ServiceError,
    Unreachable,
    UpgradeNotFound,
    words_of,
)
from .session import certificate_words, client_at, from_catalog

ANYWHERE = Scope()
ERRORS = {403: Forbidden, 404: UpgradeNotFound}


def mistral_client(session, scope):
    """Return a mistralclient.

    :raises ConnectionFailed: when the catalog has no Mistral, or Keystone does not let us in.
    """
    return client_at(session, scope, from_catalog(session, scope))


def trove_client(session, scope=ANYWHERE, url=None):
    """Return a python-troveclient; ``url`` instead of the one in the catalog."""
    # Its import brings in eventlet where that is installed, slowly; not every command needs it.
    from troveclient.v1.client import Client
    return Client(session=session, region_name=scope.region or None,
                  endpoint_type=scope.interface,
                  endpoint_override=url or scope.overrides.get(TROVE))


@contextlib.contextmanager
def service_errors(service="Mistral"):
    """Turn every error of a client into one of ours, with the service's own words."""
    from keystoneauth1.exceptions import ClientException, ConnectionError
    from mistralclient.api.base import APIException
    from requests.exceptions import RequestException
    from troveclient.apiclient.exceptions import ClientException as TroveException
    try:
        yield
    except (ConnectionError, RequestException, OSError) as error:
        if certificates.is_certificate_error(error):
            raise ConnectionFailed(certificate_words(error)) from error
        raise Unreachable(f"{service} does not answer. Is it still running?") from error
    except (APIException, ClientException, TroveException) as error:
        raise _as_ours(service, error) from error


def _as_ours(service, error):
    code = getattr(error, "error_code", None) or getattr(error, "http_status", None)
    words = words_of(getattr(error, "error_message", None) or error)
    said = f"{service} says: {words}" if words not in ("", "None") else (
        f"{service} answers with status {code} and without a word. Is a proxy in between?")
    return ERRORS.get(code or 0, ServiceError)(said)
