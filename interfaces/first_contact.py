"""What is wrong with a cloud, a name or a file, said in a sentence before an engine is started."""
import pathlib
import re
import socket
from urllib.parse import urlsplit

import requests

from ..services import certificates
from ..services.scope import TROVE, catalog_of, offered
from .embedded_run import DEFAULT_ACCESS_DIR
from .errors import BadInput, ClusterNotFound, ConnectionFailed, Unreachable
from .session import certificate_words, find_cloud, not_let_in

CONNECT_SEC = 1.1       # outlasts one lost packet, which is sent again after a second
ANSWER_SEC = 10         # a busy Keystone
PORTS = {"http": 80, "https": 443}


def log_in(cloud=None):
    """Return (session, Scope) of the cloud, with a token.

    :raises ConnectionFailed: in one sentence.
    """
    from keystoneauth1 import exceptions as ks
    from keystoneauth1.session import Session
    session, scope = find_cloud(cloud, Session)       # a patient one would ask for seconds
    session.timeout = ANSWER_SEC
    url = getattr(session.auth, "auth_url", None) or ""
    if url:
        _reach(url, _nobody(url))
    try:
        session.get_token()
    except (ks.ClientException, OSError) as error:
        if certificates.is_certificate_error(error):
            raise ConnectionFailed(certificate_words(error)) from error
        if isinstance(error, (ks.ConnectionError, ks.DiscoveryFailure, ks.NotFound, OSError)):
            raise ConnectionFailed(_nobody(url)) from error
        raise ConnectionFailed(not_let_in(error)) from error
    return session, scope


def check_region(session, scope):
    """Make sure that there is a Trove where the cloud's options say.

    :raises ConnectionFailed: naming the regions and interfaces that have one.
    """
    if not scope.url(session, TROVE):
        catalog = catalog_of(session)
        hint = " Choose by --os-region-name and --os-interface." if offered(TROVE, catalog) else ""
        raise ConnectionFailed(scope.lacks(TROVE, catalog) + hint)


def check_mistral(url):
    """Make sure that somebody listens where Mistral should be.

    :raises ConnectionFailed: nobody does.
    """
    _reach(url, f"Mistral does not answer at {url}. Is that the right region and interface?")


def check_target(session, scope, args):
    """Make sure that Trove has what the command line names.

    :raises ClusterNotFound, BadInput: what is not there, or is not the only one of its name.
    """
    from ..schemas import UpgradeError
    from ..services.sessions import Actor
    from ..services.trove import Trove
    from .services import service_errors
    trove = Trove(Actor(session, home=scope))
    cluster, instance = getattr(args, "cluster_id", None), getattr(args, "instance_id", None)
    if not cluster and not instance:
        return
    url = scope.url(session, TROVE)
    silent = f"Trove does not answer at {url}. Is that the right region and interface?"
    _reach(url, silent)         # a client would wait longer for packets that are lost
    try:
        with service_errors("Trove"):
            found = trove.cluster(cluster) if cluster else trove.replication_set(instance)
            if version := getattr(args, "datastore_version", None):
                kind = found["datastore"]
                trove.target(version, kind, trove.versions(kind))
    except UpgradeError as error:
        kind = ClusterNotFound if error.code in ("unknown_cluster", "unknown_set") else BadInput
        raise kind(error.message) from error
    except Unreachable as error:
        raise ConnectionFailed(silent) from error


def check_access(args):
    """Make sure that the access file that the command line names can be read.

    :raises BadInput: what is wrong with it, and where it was looked for.
    """
    from ..schemas import UpgradeError
    from ..services.access_files import read
    if not hasattr(args, "access"):
        return              # what goes on has its own
    directory = pathlib.Path(args.access_dir or DEFAULT_ACCESS_DIR)
    try:
        read(args.access or "default", directory)
    except UpgradeError as error:
        raise BadInput(f"{error.message} Access files are looked for in {directory} "
                       "(--access-dir).") from error


def _reach(url, words):
    """:raises ConnectionFailed: nobody takes a connection there, or at the proxy before it.

    :param words: what is said of the former.
    """
    proxy = ""
    try:
        proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)) or ""
        at = urlsplit(requests.utils.prepend_scheme_if_needed(proxy, "http") if proxy else url)
        socket.create_connection((at.hostname, at.port or PORTS.get(at.scheme, 0)),
                                 CONNECT_SEC).close()
    except (OSError, ValueError) as error:      # the latter of a URL that is none
        host = re.sub("^.*(//|@)", "", proxy).rstrip("/")       # without a password
        raise ConnectionFailed(
            f"The proxy {host} does not answer, by which {url} is asked. Is "
            f"{urlsplit(url).scheme}_proxy right? Hosts in no_proxy are asked without it."
            if proxy else words) from error


def _nobody(url):
    return f"No Keystone answers at {url}. Is --os-auth-url right?"
