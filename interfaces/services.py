"""Clients of Mistral and Trove from one keystoneauth session, and their errors as ours."""
import contextlib

from .errors import (
    ConnectionFailed,
    Forbidden,
    ServiceError,
    Unreachable,
    UpgradeNotFound,
    words_of,
)
from .session import SERVICE, catalog_url, with_version

ERRORS = {403: Forbidden, 404: UpgradeNotFound}


def mistral_client(session, region=None, interface="public", url=None):
    """Return a mistralclient; ``url`` instead of the one in the catalog.

    :raises ConnectionFailed: when the catalog has no Mistral, or Keystone does not let us in.
    """
    from mistralclient.api.client import client
    url = url or _from_catalog(session, region, interface)
    return client(mistral_url=with_version(url), session=session)


def _from_catalog(session, region, interface):
    with catalog_errors():
        url = catalog_url(session, region, interface)
    if url:
        return url
    raise ConnectionFailed(f"The cloud's catalog has no {interface} endpoint of type {SERVICE}"
                           + (f" in region {region}." if region else "."))


def trove_client(session, region=None, interface="public", url=None):
    """Return a python-troveclient; ``url`` instead of the one in the catalog."""
    # Its import brings in eventlet where that is installed, slowly; not every command needs it.
    from troveclient.v1.client import Client
    return Client(session=session, region_name=region, endpoint_type=interface,
                  endpoint_override=url)


@contextlib.contextmanager
def catalog_errors():
    """Turn what goes wrong on the way to a token into one error of ours."""
    from keystoneauth1.exceptions import ClientException
    try:
        yield
    except ClientException as error:
        raise ConnectionFailed(f"The cloud does not answer: {words_of(error)}") from error


@contextlib.contextmanager
def service_errors(service="Mistral"):
    """Turn every error of a client into one of ours, with the service's own words."""
    from keystoneauth1.exceptions import ClientException, ConnectFailure
    from mistralclient.api.base import APIException
    from requests.exceptions import RequestException
    from troveclient.apiclient.exceptions import ClientException as TroveException
    try:
        yield
    except (ConnectFailure, RequestException) as error:
        raise Unreachable(f"{service} does not answer. Is it still running?") from error
    except (APIException, ClientException, TroveException) as error:
        raise _as_ours(service, error) from error


def _as_ours(service, error):
    code = getattr(error, "error_code", None) or getattr(error, "http_status", None)
    words = words_of(getattr(error, "error_message", None) or error)
    said = f"{service} says: {words}" if words not in ("", "None") else (
        f"{service} answers with status {code} and without a word. Is a proxy in between?")
    return ERRORS.get(code or 0, ServiceError)(said)
