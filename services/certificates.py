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
REASON = re.compile(r"(\[\w+(: \w+)?\] [^()]*[^()\s.])|(invalid path: \S+)")
# Of the certificate that we show, and of its key.
OURS = ("PEM lib", "KEY_VALUES_MISMATCH", "TLS certificate file", "TLS key file")


def is_certificate_error(error: BaseException | None) -> bool:
    """Whether a certificate is to blame, so that asking again does not help."""
    return any(isinstance(one, (ClientException, OSError))
               and any(words in str(one) for words in FINAL) for one in chain(error))


def complaint(error: BaseException, option: str) -> str:
    """What is wrong, and what to do about it.

    :param option: what holds the file with the CA's certificates.
    """
    every = [str(one) for one in chain(error)]
    said = next((found[0] for one in every if (found := REASON.search(one))), every[-1])
    if PLAIN in said:
        return f"No TLS is spoken there: http, not https? ({said.strip()})"
    if any(words in one for one in every for words in OURS):
        return ("The certificate that we show can't be used: name it and its key, both in PEM, by "
                "--os-cert and --os-key (OS_CERT and OS_KEY, cert and key in clouds.yaml; certfile "
                f"and keyfile in mistral.conf). ({said.strip()})")
    return ("The certificate of the other side is not trusted, or ours is not right there: name "
            f"the file with the CA's certificates by {option}. ({said.strip()})")


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
