"""Servers that take a connection and then are silent: who waits reads on stderr for whom."""
import contextlib
import re
import sys
import threading

from ..services.certificates import chain
from .errors import ConnectionFailed

ANSWER_SEC = 5          # of a busy one
NOTICE_SEC = 0.5        # after which a person wants to know what is waited for


@contextlib.contextmanager
def announced(service, url, hint):
    """Say of a service that is silent for long that it is waited for, and what may be wrong.

    :param hint: what to look at.
    :raises ConnectionFailed: it has not answered in ANSWER_SEC, by what its client says.
    """
    from keystoneauth1.exceptions import ConnectTimeout
    words = f"{service} at {without_password(url)} takes the connection and does not answer"
    notice = threading.Timer(NOTICE_SEC, _say, (
        f"{words} yet; waiting for it, up to {ANSWER_SEC} s. {hint}",))
    notice.daemon = True
    notice.start()
    try:
        yield
    except Exception as error:
        if any(isinstance(one, ConnectTimeout) for one in chain(error)):
            raise ConnectionFailed(f"{words} in {ANSWER_SEC} s. {hint} If it is, try again later."
                                   ) from error
        raise
    finally:
        notice.cancel()


def _say(words):
    print(words, file=sys.stderr, flush=True)       # stderr of that moment


def without_password(url):
    """Return the URL as it may be shown."""
    return re.sub("//[^/]*@", "//", url)
