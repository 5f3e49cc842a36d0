"""What goes wrong with certificates, which asking again does not mend."""
import re
from collections.abc import Iterator

from keystoneauth1.exceptions import ClientException

# Of OpenSSL, urllib3 and requests; a connection that breaks under TLS says something else.
FINAL = ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed", "doesn't match",
         "WRONG_VERSION_NUMBER", "CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "UNKNOWN_CA",
         "HANDSHAKE_FAILURE", "NO_CERTIFICATE_OR_CRL_FOUND", "PEM lib", "KEY_VALUES_MISMATCH",
         "invalid path")
PLAIN = "WRONG_VERSION_NUMBER"
REASON = re.compile(r"(\[\w+: \w+\] [^()]*[^()\s.])|(invalid path: \S+)")


def is_certificate_error(error: BaseException | None) -> bool:
    """Whether a certificate is to blame, so that asking again does not help."""
    return any(isinstance(one, (ClientException, OSError))
               and any(words in str(one) for words in FINAL) for one in _chain(error))


def complaint(error: BaseException, option: str) -> str:
    """What is wrong, and what to do about it.

    :param option: what holds the file with the CA's certificates.
    """
    said = next((found[0] for one in _chain(error) if (found := REASON.search(str(one)))), "")
    if PLAIN in said:
        return f"No TLS is spoken there: http, not https? ({said.strip()})"
    return ("The certificate of the other side is not trusted, or ours is not right there: name "
            f"the file with the CA's certificates by {option}. ({said.strip()})")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
