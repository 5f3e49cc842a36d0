"""What every driver takes from its section of the access file: a password and TLS, by reference.

``password_file`` is a file that the executors can read. ``tls`` asks for TLS: the member's
certificate must be signed by an authority of ``ca_file`` (without one: of the system's) and be
issued for the address that Trove tells, unless ``check_name`` is false. Nothing falls back to a
connection that is not encrypted, or not checked.
"""
import ssl
from pathlib import Path
from typing import Any

from .base import DatastoreError, Member

CLASSES = (ssl.SSLCertVerificationError, ssl.CertificateError)
WORDS = ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed",    # OpenSSL's
         "provider signature failure",      # of another authority by the same name
         "does not match host name")        # libpq's


def password(access: dict[str, Any]) -> str | None:
    """What the password file holds, without white space around it; None when none is named.

    :raises DatastoreError: code ``access_incomplete``: it can't be read.
    """
    if not access.get("password_file"):
        return None
    return _read(access, "password_file").strip()


def tls(access: dict[str, Any]) -> ssl.SSLContext | None:
    """How a connection is encrypted and the member's certificate checked; None without TLS.

    :raises DatastoreError: code ``access_incomplete``: the CA file can't be used, or the name is
        not to be checked although every public authority would do.
    """
    if not access.get("tls"):
        return None
    if access.get("ca_file"):
        _read(access, "ca_file")
    elif not checks_name(access):
        raise DatastoreError("access_incomplete", "The access file says check_name: false without "
                             "a ca_file: anybody with a certificate could be the member.")
    try:
        context = ssl.create_default_context(cafile=access.get("ca_file"))
    except ssl.SSLError as error:
        raise DatastoreError("access_incomplete", "The ca_file of the access file holds no "
                             "certificates (PEM).") from error
    # What Python 3.13 asks beyond OpenSSL, certificates that servers make for themselves lack.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = checks_name(access)
    return context


def checks_name(access: dict[str, Any]) -> bool:
    """Whether the certificate must be issued for the member's address."""
    return bool(access.get("check_name", True))


def distrust(member: Member, error: BaseException) -> DatastoreError | None:
    """An error that says so, when a client library gave up for the member's certificate.

    It does not pass by itself: the same certificate comes again.
    """
    links = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or link.__context__
    words = next((str(one) for one in links if isinstance(one, CLASSES)
                  or any(word in str(one) for word in WORDS)), "")
    if not words:
        return None
    return DatastoreError("not_trusted", f"{member.name} is not trusted for its certificate: "
                          f"{words.splitlines()[0]} (ca_file and check_name of the access file)",
                          instance=member.id)


def _read(access: dict[str, Any], key: str) -> str:
    try:
        return Path(access[key]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        words = getattr(error, "strerror", None) or type(error).__name__
        raise DatastoreError("access_incomplete", f"The {key} of the access file can't be read: "
                             f"{words}.") from error
