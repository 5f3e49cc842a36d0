"""Whether anybody takes a connection where a URL points, or at the proxy before it."""
import contextlib
import re
import socket
from urllib.parse import urlsplit

import requests

from .errors import ConnectionFailed
from .silence import without_password

CONNECT_SEC = 0.4       # tried twice, as one packet may be lost
PORTS = {"http": 80, "https": 443}
URL = re.compile(r"https?://\S+", re.IGNORECASE)


def reach(url, words):
    """:raises ConnectionFailed: nobody takes a connection there, or at the proxy before it.

    :param words: what is said of the former.
    """
    if not URL.fullmatch(url):
        raise ConnectionFailed(f"{words} A URL begins with http:// or https://, and has no spaces.")
    proxy = ""
    try:
        proxy = proxy_of(url)
        at = urlsplit(requests.utils.prepend_scheme_if_needed(proxy, "http") if proxy else url)
        _connect((at.hostname, at.port or PORTS.get(at.scheme, 0)))
    except (OSError, ValueError) as error:      # the latter of a URL that is none
        raise ConnectionFailed(
            f"The proxy {host_of(proxy)} does not answer, by which {without_password(url)} is "
            f"asked. Is {urlsplit(url).scheme}_proxy right? Hosts in no_proxy are asked without it."
            if proxy else words) from error


def _connect(place):
    with contextlib.suppress(TimeoutError):
        return socket.create_connection(place, CONNECT_SEC).close()
    return socket.create_connection(place, CONNECT_SEC).close()


def proxy_of(url):
    """Return the proxy by which this is asked, by the variables; empty: none."""
    return requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)) or ""


def host_of(proxy):
    """Return host and port, without a password; of one that has none, all of it."""
    return re.sub("^.*(//|@)", "", proxy).rstrip("/") or proxy
