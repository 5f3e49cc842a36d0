"""Any exception as the pack's one error."""
import logging

from keystoneauth1 import exceptions as ks
from mistralclient.api.base import APIException
from oslo_utils import strutils
from troveclient.apiclient import exceptions as trove_errors

from ..datastores.base import DatastoreError
from ..schemas import UpgradeError
from ..schemas.errors import RETRY, ROLLBACK, STOP
from . import certificates
from .config import options

LOG = logging.getLogger(__name__)
PASSING_STATUS = {408, 409, 413, 429, 500, 502, 503, 504}
OUTAGE_STATUS = {500, 502, 503, 504}     # 500: its own database or broker is away
UNREACHABLE = (ks.ConnectionError, ks.DiscoveryFailure)


def explain(error: Exception) -> UpgradeError:
    """The exception as an error, without a secret or a traceback in it."""
    found = _explain(error)
    found.message = strutils.mask_password(found.message)
    return found


def _explain(error: Exception) -> UpgradeError:
    if isinstance(error, UpgradeError):
        return error
    if isinstance(error, DatastoreError):
        return UpgradeError(error.code, str(error), RETRY if error.passing else ROLLBACK,
                            error.instance)
    if certificates.is_certificate_error(error):
        return UpgradeError("certificate", certificates.complaint(error, _ca_option()), STOP)
    if (status := _http_status(error)) is not None:
        return from_status(status, words_of(error))
    if isinstance(error, UNREACHABLE):
        found = UpgradeError("unreachable", "Keystone, Trove or Mistral can't be reached: "
                             f"{words_of(error)}", RETRY)
        found.outage = not isinstance(error, ks.SSLError)       # which does not pass by itself
        return found
    if isinstance(error, ks.ClientException):
        return UpgradeError("not_authenticated", f"Keystone refused: {words_of(error)}", STOP)
    LOG.exception("Unexpected error in an action")
    return UpgradeError("unexpected", f"Unexpected {type(error).__name__}; the executor's log "
                        "tells more.", ROLLBACK)


def _ca_option() -> str:
    """What holds the CA's certificates for the actions' own sessions."""
    conf = options()
    return ("cacert in clouds.yaml, or OS_CACERT" if conf.auth == "cloud" else
            f"cafile in [{conf.auth_section}] or in [trove_upgrade] of mistral.conf")


def from_status(status: int, words: str) -> UpgradeError:
    """The error of a service's answer."""
    if status == 401:
        return UpgradeError("token_expired", "The token is not accepted any more; start a new run "
                            "to finish or to undo.", STOP)
    if status == 403:
        return UpgradeError("forbidden", f"Not allowed: {words}", STOP)
    if status == 404:
        return UpgradeError("not_found", f"Not found: {words}", ROLLBACK)
    if status in PASSING_STATUS:
        found = UpgradeError("busy", f"The service answers {status}: {words}", RETRY)
        found.outage = status in OUTAGE_STATUS
        return found
    return UpgradeError("request_refused", f"The service answers {status}: {words}", ROLLBACK)


def _http_status(error: Exception) -> int | None:
    if isinstance(error, APIException):
        return error.error_code
    if isinstance(error, (ks.HttpError, trove_errors.HttpError)):
        return error.http_status
    return None


def words_of(error: Exception) -> str:
    """One line of an exception, short and never empty.

    Clients hand on bytes where a service, or a proxy before it, answers with no JSON.
    """
    said = error.args[0] if error.args else ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(error)
    text = " ".join(text.split())
    if text in ("", "None"):
        return f"it gives no reason ({type(error).__name__})"
    return text if len(text) <= 300 else text[:297] + "..."
