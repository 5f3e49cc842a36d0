"""The certificate of the executors themselves, as the access file names it."""
import ssl

import pytest
from cryptography.hazmat.primitives import serialization
from trove_upgrade.datastores import access, driver
from trove_upgrade.datastores.base import DatastoreError, Member

from tests.datastores.authority import PEM, Authority


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Paths of a CA, a certificate with its key, another key, and one with a pass phrase."""
    home = tmp_path_factory.mktemp("certificates")
    authority = Authority(home)
    (home / "other").mkdir()
    certificate, key = authority.issue(home, "127.0.0.1")
    secret = serialization.load_pem_private_key(key.read_bytes(), None)
    locked = home / "locked.key"
    locked.write_bytes(secret.private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"sesame")))
    both = home / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    return {"ca": authority.file, "certificate": certificate, "key": key, "locked": locked,
            "both": both, "other": authority.issue(home / "other", "127.0.0.1")[1],
            "nowhere": home / "nowhere"}


def named(files, **chosen):
    """A section of an access file."""
    return {"tls": True, "ca_file": str(files["ca"]),
            **{key: str(files[name]) for key, name in chosen.items()}}


@pytest.mark.parametrize(("chosen", "words"), [
    ({"key_file": "key"}, "a key_file and no cert_file"),
    ({"cert_file": "certificate"}, "no certificate with its own key"),
    ({"cert_file": "certificate", "key_file": "other"}, "no certificate with its own key"),
    ({"cert_file": "certificate", "key_file": "locked"}, "without a pass phrase"),
    ({"cert_file": "key", "key_file": "key"}, "no certificate with its own key"),
    ({"cert_file": "nowhere"}, "cert_file of the access file can't be read"),
    ({"cert_file": "certificate", "key_file": "nowhere"}, "key_file of the access file can't be")])
def test_what_is_no_certificate_with_its_key_is_told_before_anybody_is_asked(files, chosen, words):
    with pytest.raises(DatastoreError, match=words) as refused:
        access.tls(named(files, **chosen))
    assert refused.value.code == "access_incomplete"


def test_certificate_and_key_may_stand_in_one_file_or_in_two(files):
    two = named(files, cert_file="certificate", key_file="key")
    assert access.tls(two)
    assert access.own_certificate(two) == (str(files["certificate"]), str(files["key"]))
    one = named(files, cert_file="both")
    assert access.tls(one)
    assert access.own_certificate(one) == (str(files["both"]), str(files["both"]))
    assert access.own_certificate(named(files)) is None


def test_mongodb_wants_them_in_one_file(files):
    asked = driver("mongodb", named(files, cert_file="certificate", key_file="key"))
    facts = asked.read([Member("one", "member-1", "127.0.0.1")])["one"]
    assert facts.native["code"] == "access_incomplete"
    assert "put the key into the cert_file" in facts.problems[0]


@pytest.mark.parametrize("words", [
    "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)",
    "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2580)",
    "FATAL:  connection requires a valid client certificate"])
def test_a_member_that_wants_another_certificate_is_told_apart_from_a_silent_one(words):
    error = ConnectionError("gone")
    error.__cause__ = ssl.SSLError(1, words)
    found = access.distrust(Member("one", "member-1", "127.0.0.1"), error)
    assert found.code == "access_refused"
    assert "cert_file" in found.message
    assert access.distrust(Member("one", "member-1", "127.0.0.1"), ConnectionError("gone")) is None
