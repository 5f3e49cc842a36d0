"""What is wrong with a cloud, a name or a file, said in a sentence before an engine is started."""
import contextlib
import pathlib
from urllib.parse import urlsplit

from ..services import certificates, cloud_files
from ..services.clouds import WAYS
from ..services.mistral_api import with_version
from ..services.scope import MISTRAL, TROVE, catalog_of, offered
from .embedded_run import DEFAULT_ACCESS_DIR
from .errors import (
    BadInput,
    ClusterNotFound,
    ConnectionFailed,
    ServiceError,
    Unreachable,
    UpgradeNotFound,
    words_of,
)
from .reach import host_of, proxy_of, reach
from .session import (
    catalog_errors,
    certificate_words,
    find_cloud,
    has_cloud,
    not_let_in,
    plain_session,
    service_client,
)
from .silence import ANSWER_SEC, announced, without_password

NOT_FOUND = 404
RIGHT_URL = "Is --os-auth-url right: http or https, host, port, and /v3?"
RIGHT_PLACE = "Is that the right region and interface?"
# What keystoneauth and python-troveclient end with where an answer is no such service's.
NOT_ITS_ANSWER = (AttributeError, LookupError, TypeError, ValueError)


def log_in(cloud=None):
    """Return (session, Scope) of the cloud, with a token.

    :raises ConnectionFailed: in one sentence.
    """
    from keystoneauth1.session import Session
    session, scope = find_cloud(cloud, Session)       # a patient one would ask for seconds
    session.timeout = ANSWER_SEC
    url = getattr(session.auth, "auth_url", None) or ""
    if url:
        reach(url, _nobody(url))
    with announced("Keystone", url, RIGHT_URL):
        try:
            _discover(session)
            session.get_token()
        except Exception as error:  # keystoneauth's plugins raise also that, and nothing closer
            raise ConnectionFailed(_no_token(url, error)) from error
    if url and not session.get_project_id():
        raise ConnectionFailed("Keystone lets you in, but to no project: give --os-project-name "
                               "and --os-project-domain-name, or --os-project-id.")
    return session, scope


def service(url=None, cloud=None, upgrades=False):
    """Return (client, Scope) of a Mistral service that answers; see session.service_client.

    :param upgrades: it is asked for upgrades, which need a Trove.
    :raises ConnectionFailed: in one sentence.
    """
    if not url or has_cloud(cloud):
        log_in(cloud)
    client, asker, scope = service_client(url, cloud)
    if asker:
        with catalog_errors():
            if upgrades:
                check_region(asker, scope)
            url = url or scope.url(asker, MISTRAL)
    check_mistral(asker or plain_session(), url)
    return client, scope


def _discover(session):
    """Ask which versions Keystone has, as its plugin would, which asks once more after a silence.
    What is found is kept for it; what else goes wrong it tells better."""
    from keystoneauth1.exceptions import ClientException, ConnectTimeout
    from keystoneauth1.identity.generic.base import BaseGenericPlugin
    if not isinstance(session.auth, BaseGenericPlugin):
        return
    try:
        session.auth.get_discovery(session, session.auth.auth_url, authenticated=False)
    except ConnectTimeout:
        raise
    except (ClientException, OSError, *NOT_ITS_ANSWER):
        return


def _no_token(url, error):
    """Return why Keystone gives no token, and what to do."""
    from keystoneauth1 import exceptions as ks
    if certificates.is_certificate_error(error):
        return certificate_words(error)
    shown = without_password(url)
    match error:
        case ks.ConnectionError() | ks.DiscoveryFailure() | ks.NotFound() | OSError():
            return _nobody(url)
        case ks.ProxyAuthenticationRequired():
            return (f"The proxy by which {shown} is asked wants a name and a password: "
                    f"{urlsplit(url).scheme}_proxy=http://NAME:PASSWORD@HOST:PORT. Hosts in "
                    "no_proxy are asked without it.")
        case ks.HttpServerError():
            return f"Keystone at {shown} is not at work: {words_of(error)}. Try again later."
        case ks.HttpError():
            return not_let_in(error)
    # Python's own errors are of this kind, too, so it comes after the others.
    if isinstance(error, (ks.InvalidResponse, *NOT_ITS_ANSWER)):
        by = f" (by the proxy {host_of(proxy_of(url))})" if proxy_of(url) else ""
        return f"What answers at {shown}{by} is no Keystone. {RIGHT_URL}"
    return cloud_files.complaint() or \
        f"The cloud can't be used: {words_of(error).rstrip('.')}. {WAYS}"


def check_region(session, scope):
    """Make sure that there is a Trove where the cloud's options say.

    :raises ConnectionFailed: naming the regions and interfaces that have one.
    """
    if not scope.url(session, TROVE):
        catalog = catalog_of(session)
        hint = " Choose by --os-region-name and --os-interface." if offered(TROVE, catalog) else ""
        raise ConnectionFailed(scope.lacks(TROVE, catalog) + hint)


def check_mistral(session, url):
    """Make sure that there is a web service where Mistral should be.

    :raises ConnectionFailed: there is none, or its certificate is not trusted.
    """
    from keystoneauth1.exceptions import ClientException
    silent = f"Mistral does not answer at {without_password(url)}. {RIGHT_PLACE}"
    reach(url, silent)
    try:
        with announced("Mistral", url, RIGHT_PLACE):
            found = session.get(with_version(url), authenticated=False, raise_exc=False,
                                connect_retries=0, timeout=ANSWER_SEC)
    except (ClientException, OSError) as error:
        if certificates.is_certificate_error(error):
            raise ConnectionFailed(certificate_words(error)) from error
        raise ConnectionFailed(silent) from error
    if not _is_mistrals(found):
        raise ConnectionFailed(f"What answers at {without_password(url)} is not Mistral. "
                               f"{RIGHT_PLACE}")


def _is_mistrals(answer):
    """Whether this may be what Mistral says at /v2: it may want a token, or be out of order."""
    if "html" in answer.headers.get("Content-Type", "") or answer.status_code == NOT_FOUND:
        return False
    try:
        return not answer.ok or isinstance(answer.json(), dict)
    except ValueError:
        return False


def check_target(session, scope, args):
    """Make sure that Trove has what the command line names.

    :raises ClusterNotFound, BadInput: what is not there, or is not the only one of its name.
    """
    cluster, instance = getattr(args, "cluster_id", None), getattr(args, "instance_id", None)
    if not cluster and not instance:
        return
    from keystoneauth1.exceptions import ClientException
    url = scope.url(session, TROVE)
    shown = without_password(url)
    silent = f"Trove does not answer at {shown}. {RIGHT_PLACE}"
    reach(url, silent)         # a client would wait longer for packets that are lost
    # What it needs takes a while to import, so a silence is found out before.
    with contextlib.suppress(ClientException), announced("Trove", url, RIGHT_PLACE):
        session.get(url, authenticated=False, raise_exc=False)
    from ..schemas import UpgradeError
    from ..services.sessions import Actor
    from ..services.trove import Trove
    from .services import service_errors
    trove = Trove(Actor(session, home=scope))
    try:
        with announced("Trove", url, RIGHT_PLACE), service_errors("Trove"):
            found = trove.cluster(cluster) if cluster else trove.replication_set(instance)
            if version := getattr(args, "datastore_version", None):
                kind = found["datastore"]
                trove.target(version, kind, trove.versions(kind))
    except UpgradeError as error:
        kind = ClusterNotFound if error.code in ("unknown_cluster", "unknown_set") else BadInput
        raise kind(error.message) from error
    except Unreachable as error:
        raise ConnectionFailed(silent) from error
    except (ServiceError, UpgradeNotFound) as error:        # of a path that is not Trove's
        raise ConnectionFailed(f"{str(error).rstrip('.')}. It was asked at {shown}. {RIGHT_PLACE}"
                               ) from error
    except NOT_ITS_ANSWER as error:
        raise ConnectionFailed(f"What answers at {shown} is not Trove. {RIGHT_PLACE}") from error


def check_access(args):
    """Make sure that the access file that the command line names can be read.

    :raises BadInput: what is wrong with it, and where it was looked for.
    """
    from ..schemas import UpgradeError
    from ..services.access_files import check
    if not hasattr(args, "access"):
        return              # what goes on has its own
    directory = pathlib.Path(args.access_dir or DEFAULT_ACCESS_DIR)
    if args.access_dir and not directory.is_dir():
        raise BadInput(f"There is no directory {directory} (--access-dir).")
    try:
        check(args.access or "default", directory)
    except UpgradeError as error:
        raise BadInput(f"{error.message} Access files are looked for in {directory} "
                       "(--access-dir).") from error


def _nobody(url):
    return f"No Keystone answers at {without_password(url)}. {RIGHT_URL}"
