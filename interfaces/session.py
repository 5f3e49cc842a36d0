"""Sessions and Mistral clients from clouds.yaml and OS_* variables."""
import contextlib
import getpass
import os

import requests
from keystoneauth1 import noauth
from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token

from ..schemas import UpgradeError
from ..services import certificates, clouds, mistral_api
from ..services.scope import MISTRAL, Scope, catalog_of
from .errors import ConnectionFailed, words_of

INSECURE = "insecure"       # as --insecure, like the other clients'
# What can be given as --os-NAME as well as OS_NAME; the engine's process reads the variables.
VARIABLES = (
    "cloud", "auth-type", "auth-url", "username", "password", "user-domain-name",
    "project-name", "project-id", "project-domain-name", "region-name", "interface", "cacert",
    "cert", "key", INSECURE, "token", "endpoint", "application-credential-id",
    "application-credential-secret")
SECRETS = ("password", "token", "application-credential-secret")     # no output shows them

CONNECT_RETRIES = 3
GIVE_UP_SEC = 60
CA_OPTION = "--os-cacert (OS_CACERT, cacert in clouds.yaml)"


class PatientSession(Session):
    """Asks again when a connection breaks under a question; what changes something is sent once.

    A question whose answer does not come is given up; of a change nobody would know what became.
    """

    def request(self, url, method, **keywords):
        """As keystoneauth's."""
        if method == "GET":
            keywords.setdefault("connect_retries", CONNECT_RETRIES)
            if self.timeout is None:        # none is configured
                keywords.setdefault("timeout", GIVE_UP_SEC)
        return super().request(url, method, **keywords)


def use_options(options):
    """Turn --os-* options into OS_* variables, so that every process we start sees the same."""
    for name in VARIABLES:
        value = getattr(options, "os_" + name.replace("-", "_"), None)
        if value is not None:
            os.environ["OS_" + name.replace("-", "_").upper()] = value


def cloud_session(cloud=None):
    """Return a keystoneauth session of the cloud in clouds.yaml, or of the OS_* variables.

    A bare endpoint without Keystone is auth_type admin_token with endpoint and token.
    Raises ConnectionFailed when nothing is configured.
    """
    return find_cloud(cloud)[0]


def find_cloud(name=None, kind=PatientSession):
    """Return (session, Scope) of the cloud: how it is asked, and where. Asks no service.

    :raises ConnectionFailed: in one sentence.
    """
    try:
        return clouds.find(name, kind)
    except ModuleNotFoundError as error:
        raise ConnectionFailed("Reading clouds.yaml and OS_* variables needs openstacksdk: pip "
                               "install 'trove-upgrade[cli]'") from error
    except UpgradeError as error:
        raise ConnectionFailed(error.message) from error


def service_client(url=None, cloud=None):
    """Return (client, session, Scope) of a Mistral service: at ``url``, or found in the catalog.

    A URL is used with the cloud's token when a cloud is configured, and without one else; then the
    session is None.
    """
    if url and not has_cloud(cloud):
        return plain_client(url), None, Scope()
    session, scope = find_cloud(cloud)
    url = url or from_catalog(session, scope, " Leave out --mistral-from-catalog to run the "
                              "upgrade from here.")
    return client_at(session, scope, url), session, scope


def client_at(session, scope, url):
    """Return a client that tells Mistral the region of its caller: there the upgrade is."""
    return mistral_api.client(url, session, scope.region)


def plain_client(url):
    """Return a client of a Mistral without authentication."""
    return mistral_api.client(url, plain_session())


def plain_session():
    """Return a session that shows no token."""
    return PatientSession(auth=noauth.NoAuth(), **clouds.tls_of_variables())


def engine_client(url, token):
    """Return a client of an embedded engine, which asks for the token of its start."""
    direct = requests.Session()
    direct.trust_env = False        # no proxy can reach it, and none must see the token
    return mistral_api.client(url, PatientSession(auth=Token(url, token), session=direct))


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


def from_catalog(session, scope, hint=""):
    """Return Mistral's URL.

    :raises ConnectionFailed: there is none, or Keystone does not answer.
    """
    with catalog_errors():
        url = scope.url(session, MISTRAL)
        if not url:
            raise ConnectionFailed(scope.lacks(MISTRAL, catalog_of(session)) + hint)
    return url


@contextlib.contextmanager
def catalog_errors():
    """Turn what goes wrong on the way to a token into one error of ours."""
    from keystoneauth1.exceptions import ClientException, HttpError
    try:
        yield
    except (ClientException, OSError) as error:
        if certificates.is_certificate_error(error):
            raise ConnectionFailed(certificate_words(error)) from error
        if isinstance(error, HttpError) and error.http_status in (400, 401, 403):
            raise ConnectionFailed(not_let_in(error)) from error
        raise ConnectionFailed(f"The cloud does not answer: {words_of(error)}") from error


def not_let_in(error):
    """Return why Keystone gives no token, and what to check."""
    return (f"Keystone does not let you in: {words_of(error)} Check the user, the password, the "
            "project and their domains, or the application credential.")


def certificate_words(error):
    """Return what is wrong with a certificate, and the option to set."""
    return certificates.complaint(error, CA_OPTION)
