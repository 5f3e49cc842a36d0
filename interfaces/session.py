"""Sessions and Mistral clients from clouds.yaml and OS_* variables."""
import contextlib
import getpass
import os

import requests
from keystoneauth1 import noauth
from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token

from .errors import ConnectionFailed, words_of

SERVICE = "workflowv2"

# What can be given as --os-NAME as well as OS_NAME; the engine's process reads the variables.
VARIABLES = (
    "cloud", "auth-type", "auth-url", "username", "password", "user-domain-name",
    "project-name", "project-id", "project-domain-name", "region-name", "interface", "cacert",
    "token", "endpoint", "application-credential-id", "application-credential-secret")
SECRETS = ("password", "token", "application-credential-secret")     # no output shows them

CONNECT_RETRIES = 3
WAYS = "Give --os-cloud with a name in clouds.yaml, or OS_* variables."


class PatientSession(Session):
    """Asks again when a connection breaks under a question; what changes something is sent once."""

    def request(self, url, method, **keywords):
        """As keystoneauth's."""
        if method == "GET":
            keywords.setdefault("connect_retries", CONNECT_RETRIES)
        return super().request(url, method, **keywords)


def use_options(options):
    """Turn --os-* options into OS_* variables, so that every process we start sees the same."""
    for name in VARIABLES:
        value = getattr(options, "os_" + name.replace("-", "_"), None)
        if value is not None:
            os.environ["OS_" + name.replace("-", "_").upper()] = value


def log_in(cloud=None):
    """Get a token, so that what is wrong with the login is said before anything is started.

    :raises ConnectionFailed: in one sentence.
    """
    from keystoneauth1.exceptions import ClientException, ConnectionError, DiscoveryFailure
    session, *_ = _cloud(cloud, Session)        # a patient one would ask for seconds
    try:
        session.get_token()
    except (ConnectionError, DiscoveryFailure) as error:
        hint = ("Its certificate is not trusted; give --os-cacert." if "SSL" in str(error)
                else "Is --os-auth-url right?")
        raise ConnectionFailed(f"No Keystone answers at {getattr(session.auth, 'auth_url', '')}. "
                               f"{hint}") from error
    except ClientException as error:
        raise ConnectionFailed(f"Keystone does not let you in: {words_of(error)}") from error


def cloud_session(cloud=None):
    """Return a keystoneauth session of the cloud in clouds.yaml, or of the OS_* variables.

    A bare endpoint without Keystone is auth_type admin_token with endpoint and token.
    Raises ConnectionFailed when nothing is configured.
    """
    return _cloud(cloud)[0]


def _cloud(name, kind=PatientSession):
    """Return (session, region, interface) of the cloud. Asks no service."""
    from keystoneauth1.exceptions import ClientException, MissingRequiredOptions
    try:
        from openstack.config import OpenStackConfig
        from openstack.exceptions import ConfigException
    except ModuleNotFoundError as error:
        raise ConnectionFailed("Reading clouds.yaml and OS_* variables needs openstacksdk: pip "
                               "install 'trove-upgrade[cli]'") from error
    try:
        found = OpenStackConfig(session_constructor=kind).get_one(cloud=name)
        return found.get_session(), found.region_name or None, found.get_interface() or "public"
    except MissingRequiredOptions as error:
        missing = ", ".join(f"--os-{option.name}" for option in error.options)
        raise ConnectionFailed(f"No cloud is configured, or not all of it: {missing} is missing. "
                               f"{WAYS}") from error
    except (ConfigException, ClientException) as error:
        raise ConnectionFailed(f"The cloud can't be used: {words_of(error)} {WAYS}") from error
    except (AttributeError, OSError, TypeError, ValueError) as error:    # openstacksdk's own check
        raise ConnectionFailed("clouds.yaml can't be read: it is not as openstacksdk wants it "
                               f"({words_of(error)}).") from error


def service_client(url=None, cloud=None):
    """Return a client of a Mistral service: at ``url``, or found in the cloud's catalog.

    A URL is used with the cloud's token when a cloud is configured, and without one else.
    """
    if url and not has_cloud(cloud):
        return plain_client(url)
    session, region, interface = _cloud(cloud)
    url = url or _from_catalog(session, region, interface)
    from mistralclient.api.client import client
    return client(mistral_url=with_version(url), session=session)


def plain_client(url):
    """Return a client of a Mistral without authentication."""
    from mistralclient.api.client import client
    return client(mistral_url=with_version(url), session=PatientSession(auth=noauth.NoAuth()))


def engine_client(url, token):
    """Return a client of an embedded engine, which asks for the token of its start."""
    from mistralclient.api.client import client
    direct = requests.Session()
    direct.trust_env = False        # no proxy can reach it, and none must see the token
    return client(mistral_url=url, session=PatientSession(auth=Token(url, token), session=direct))


def user_name(cloud=None):
    """Return how the user is called: in the cloud where that is known, else on this machine."""
    from keystoneauth1.exceptions import ClientException
    from openstack.config import OpenStackConfig
    from openstack.exceptions import ConfigException
    with contextlib.suppress(ClientException, ConfigException, AttributeError, OSError, TypeError,
                             ValueError):
        found = OpenStackConfig().get_one(cloud=cloud).config.get("auth", {}).get("username")
        if found:
            return str(found)
    try:
        return getpass.getuser()
    except (KeyError, OSError):     # a user without a name
        return ""


def has_cloud(cloud=None):
    """Say whether clouds.yaml or the variables name a cloud with Keystone."""
    return bool(cloud or os.environ.get("OS_CLOUD") or os.environ.get("OS_AUTH_URL"))


def with_version(url):
    """Return the URL with the API's version: people give it with and without."""
    url = url.rstrip("/")
    return url if url.endswith("/v2") else url + "/v2"


def catalog_url(session, region, interface):
    """Return Mistral's URL in the session's catalog, or None; raises keystoneauth's errors."""
    from keystoneauth1.exceptions import EndpointNotFound
    with contextlib.suppress(EndpointNotFound):       # that service, but not in this region
        return session.get_endpoint(service_type=SERVICE, region_name=region, interface=interface)
    return None


def _from_catalog(session, region, interface):
    from keystoneauth1.exceptions import ClientException
    try:
        url = catalog_url(session, region, interface)
    except ClientException as error:
        raise ConnectionFailed(f"The cloud does not let you in: {error}") from error
    if not url:
        raise ConnectionFailed(f"The cloud's catalog has no service of type {SERVICE}"
                               f"{f' in region {region}' if region else ''}. Leave out "
                               "--mistral-from-catalog to run the upgrade from here.")
    return url
