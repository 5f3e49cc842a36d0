"""Passwords in Barbican, read in the name of whoever a run acts for.

So Barbican's own policy says whether that user may read the secret. Only the Barbican of the
catalog is ever asked, and nothing of its answers is logged.
"""
import logging
import re
from typing import Any

from keystoneauth1 import exceptions as ks

from ..schemas import UpgradeError
from ..schemas.errors import RETRY, STOP
from .errors import PASSING_STATUS, from_status, words_of
from .sessions import Actor

try:
    from barbicanclient import client, exceptions
except ImportError:     # the extra is not installed
    client = exceptions = None

BARBICAN = "key-manager"
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TEXT = "text/plain"
# At the level DEBUG keystoneauth logs whole answers, if it is not given a logger that does not.
SILENT = logging.Logger("trove_upgrade.barbican", logging.CRITICAL + 1)


def password(actor: Actor, reference: Any) -> str:
    """The text of a secret, without white space around it.

    :param actor: who asks for it.
    :param reference: id of the secret, or its whole reference at the catalog's Barbican.
    :raises UpgradeError: code ``no_barbican_client``, ``bad_secret_reference``, ``bad_secret``,
        ``secret_refused`` or ``barbican_unavailable``, of which the last passes.
    """
    if client is None:
        raise UpgradeError("no_barbican_client", "The access file names a password_secret, and the "
                           "client of Barbican is missing on the executors: pip install "
                           "'trove-upgrade[barbican]'.", STOP)
    endpoint = actor.url(BARBICAN).rstrip("/").removesuffix("/v1")
    secret_id = _secret_id(reference, endpoint)
    try:
        secret = client.Client(session=actor.session(BARBICAN), endpoint=endpoint,
                               logger=SILENT).secrets.get(secret_id)
        text = secret.payload if secret.payload_content_type == TEXT else None
    except exceptions.HTTPError as error:
        # The one for 401 lacks its status.
        raise _explain(getattr(error, "status_code", 401), secret_id) from None
    except ks.HttpError as error:
        raise _explain(error.http_status, secret_id) from None
    # Also what is no answer of Barbican's: a page of a proxy for one.
    except (ks.ClientException, ValueError, LookupError, TypeError) as error:
        raise _unavailable(words_of(error)) from None
    if not isinstance(text, str) or not text.strip():
        raise UpgradeError("bad_secret", f"The secret {secret_id} holds no text; store the "
                           f"password with the content type {TEXT}.", STOP)
    return text.strip()


def _secret_id(reference: Any, endpoint: str) -> str:
    given = str(reference)
    secret_id = given.removeprefix(f"{endpoint}/v1/secrets/")
    if not UUID.fullmatch(secret_id):
        raise UpgradeError("bad_secret_reference", "The password_secret of the access file must be "
                           "the id of a secret, or its reference at the Barbican of the catalog, "
                           f"{endpoint}.", STOP)
    return secret_id


def _explain(status: int, secret_id: str) -> UpgradeError:
    """The error of Barbican's answer; its words are left out, they tell nothing more."""
    if status == 401:
        return from_status(status, "")
    if status in (403, 404):
        what = "not let this user read" if status == 403 else "not know"
        return UpgradeError("secret_refused", f"Barbican does {what} the secret {secret_id} "
                            "(password_secret of the access file). Who starts the upgrade must be "
                            "allowed to read it.", STOP)
    if status in PASSING_STATUS:
        return _unavailable(f"it answers {status}")
    return UpgradeError("secret_refused", f"Barbican answers {status} when it is asked for the "
                        f"secret {secret_id}.", STOP)


def _unavailable(words: str) -> UpgradeError:
    return UpgradeError("barbican_unavailable", f"Barbican gives no password: {words}", RETRY)
