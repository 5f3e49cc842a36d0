"""What every driver takes from its section of the access file: a password and TLS, by reference.

``password_file`` is a file that the executors can read; a ``password_secret`` has been read already
where a driver gets its section (services/access_files.py). ``tls`` asks for TLS: the member's
certificate must be signed by an authority of ``ca_file`` (without one: of the system's) and be
issued for the address that Trove tells, unless ``check_name`` is false. A member that asks for a
certificate of its clients is shown that of ``cert_file``; its key stands in ``key_file``, or in the
same file. Nothing falls back to a connection that is not encrypted, or not checked.

Without TLS the password is only proven, never told, where the datastore's protocol can do that:
``allow_cleartext_password`` lets it be told. Redis and Cassandra know no other way; there false
forbids it.
"""
import errno
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .base import DatastoreError, Member
from .foreign import shown

CLASSES = (ssl.SSLCertVerificationError, ssl.CertificateError)
WORDS = ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed",    # OpenSSL's
         "provider signature failure",      # of another authority by the same name
         "does not match host name")        # libpq's
WORDS_LIMIT = 300
# With SCRAM the server says how often the password is hashed; by default 4096 to 15000 times.
LIMIT_ROUNDS = 1_000_000
TOO_MANY_ROUNDS = "it wants the password hashed too often"
# What a member's last words are when it wants another certificate of its client, or one at all.
ALERTS = ("alert certificate required", "alert unknown ca", "alert bad certificate",
          "requires a valid client certificate")        # PostgreSQL's


class Revealing(Exception):
    """What a member asks for would reveal the password to it, and to all that hear."""


@dataclass(frozen=True)
class Password:
    """The password of a ``password_secret``; it does not show when a section is printed."""

    text: str = field(repr=False)


def password(access: dict[str, Any]) -> str | None:
    """The password of the secret, or what the password file holds without white space around it;
    None when neither is named.

    :raises DatastoreError: code ``access_incomplete``: it can't be read.
    """
    if "password_secret" in access:
        return access["password_secret"].text
    if not access.get("password_file"):
        return None
    return _read(access, "password_file").strip()


def tls(access: dict[str, Any]) -> ssl.SSLContext | None:
    """How a connection is encrypted and the member's certificate checked; None without TLS.

    :raises DatastoreError: code ``access_incomplete``: a file can't be used, or the name is not to
        be checked although every public authority would do.
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
    _show_certificate(context, access)
    return context


def own_certificate(access: dict[str, Any]) -> tuple[str, str] | None:
    """Files of the executors' own certificate and of its key; None when they have none."""
    if not access.get("cert_file"):
        return None
    return access["cert_file"], access.get("key_file") or access["cert_file"]


def may_reveal(access: dict[str, Any], otherwise: bool = False) -> bool:
    """Whether the password may be sent in a form that reveals it to who receives or hears it.

    :param otherwise: the answer where the access file neither asks for TLS nor says it.
    :raises DatastoreError: code ``access_incomplete``: it says neither true nor false.
    """
    said = access.get("allow_cleartext_password", otherwise)
    if not isinstance(said, bool):
        raise DatastoreError("access_incomplete", "allow_cleartext_password of the access file "
                             "must be true or false.")
    return said or bool(access.get("tls"))


def checks_name(access: dict[str, Any]) -> bool:
    """Whether the certificate must be issued for the member's address."""
    return bool(access.get("check_name", True))


def distrust(member: Member, error: BaseException) -> DatastoreError | None:
    """An error that says so, when a client library gave up for a certificate: the member's, or the
    one that the member was shown.

    It does not pass by itself: the same certificates come again.
    """
    links = _links(error)
    words = next((str(one) for one in links if isinstance(one, CLASSES)
                  or any(word in str(one) for word in WORDS)), "")
    if words:
        told = shown(words.splitlines()[0], WORDS_LIMIT)
        return DatastoreError("not_trusted", f"{member.name} is not trusted for its certificate: "
                              f"{told} (ca_file and check_name of the access file)",
                              instance=member.id)
    if any(alert in str(one) for one in links for alert in ALERTS):
        return DatastoreError("access_refused", f"{member.name} demands a certificate that it "
                              "trusts of its clients (cert_file and key_file of the access file)",
                              instance=member.id)
    return None


def failure(member: Member, error: BaseException, words: Any, refused: bool) -> DatastoreError:
    """What a client library's error means.

    :param words: the error in words that hold no secret; more than :data:`WORDS_LIMIT` characters
        of them are not told.
    :param refused: the member does not let us in, or does not let us do it.
    :return: code ``cleartext_password``, ``access_refused``, ``not_trusted`` or ``no_answer``, of
        which the last passes.
    """
    words = shown(str(words), WORDS_LIMIT)
    if any(isinstance(one, Revealing) for one in _links(error)):
        return DatastoreError("cleartext_password", f"{member.name} wants the password in a form "
                              "that reveals it, without TLS (tls and allow_cleartext_password of "
                              "the access file)", instance=member.id)
    if refused:
        return DatastoreError("access_refused", f"{member.name} refuses the credentials: {words}",
                              instance=member.id)
    return distrust(member, error) or DatastoreError(
        "no_answer", f"{member.name}: {words}", passing=True, instance=member.id)


def _links(error: BaseException) -> list[BaseException]:
    """The error and what led to it."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or link.__context__
    return links


def _show_certificate(context: ssl.SSLContext, access: dict[str, Any]) -> None:
    if access.get("key_file") and not access.get("cert_file"):
        raise DatastoreError("access_incomplete", "The access file names a key_file and no "
                             "cert_file.")
    if not (own := own_certificate(access)):
        return
    for key in ("cert_file", "key_file"):
        if access.get(key):
            _read(access, key)
    try:
        # Without an answer OpenSSL would ask a person at the terminal.
        context.load_cert_chain(*own, password=lambda: "")
    except ssl.SSLError as error:
        raise DatastoreError("access_incomplete", "The cert_file and key_file of the access file "
                             "are no certificate with its own key (PEM, without a pass phrase)."
                             ) from error


def text_of(path: Path) -> str:
    """The text of a file. A pipe or a device is refused: reading it may never end.

    :raises OSError: it can't be read.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file")
    return path.read_text(encoding="utf-8")


def _read(access: dict[str, Any], key: str) -> str:
    try:
        return text_of(Path(access[key]))
    except (OSError, UnicodeDecodeError) as error:
        words = getattr(error, "strerror", None) or type(error).__name__
        raise DatastoreError("access_incomplete", f"The {key} of the access file can't be read: "
                             f"{words}.") from error
