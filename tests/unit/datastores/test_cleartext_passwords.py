"""Without TLS no server that asks is told the password, unless the operator says so by name."""
import struct

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from trove_upgrade import datastores
from trove_upgrade.datastores.base import DatastoreError, Member
from trove_upgrade.datastores.galera.client import Servers

from tests.unit.datastores import hostile
from tests.unit.datastores.hostile import Hostile, message, packet

SECRET = "S3CRET-of-operator"
KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.PEM,
                                       serialization.PublicFormat.SubjectPublicKeyInfo)
SALT = b"a" * 20 + b"\0"


def switching(plugin, data=b"", more=b""):
    """MySQL's, to another plugin in the middle of the login, which then goes on with ``more``."""
    def talk(wire):
        wire.send(hostile.mysql_hello())
        wire.hear()
        wire.send(packet(2, b"\xfe" + plugin + b"\0" + data))
        wire.hear()
        for number in 4, 6:
            wire.send(packet(number, more))
            wire.hear()
    return talk


def beginning(plugin, *answers):
    """MySQL's, with this plugin from the start."""
    def talk(wire):
        wire.send(hostile.mysql_hello(plugin))
        wire.hear()
        for number, answer in enumerate(answers):
            wire.send(packet(2 + 2 * number, answer))
            wire.hear()
    return talk


def asking(kind, *numbers, after=b""):
    """PostgreSQL's or Vertica's request to log in, by its number."""
    def talk(wire):
        wire.hear()
        wire.send(message(kind, struct.pack(f">{len(numbers)}I", *numbers) + after))
        wire.hear()
    return talk


MYSQL = {
    "clear": switching(b"mysql_clear_password"),
    "dialog": switching(b"dialog", b"\x02Password: "),
    "a second dialog": switching(b"dialog", b"\x04Password: ", b"\x02Once more: "),
    "old": switching(b"mysql_old_password", b"aaaaaaaa\0"),
    "sha256": switching(b"sha256_password", SALT, b"\x01" + PUBLIC),
    "sha256 from the start": beginning(b"sha256_password", b"\x01" + PUBLIC, b"\x01" + PUBLIC),
    "cached": switching(b"caching_sha2_password", SALT, b"\x01\x04"),
    "cached from the start": beginning(b"caching_sha2_password", b"\x01\x04", b"\x01" + PUBLIC),
    "cached, with a key at once": switching(b"caching_sha2_password", SALT, b"\x01" + PUBLIC)}
ASKING = [
    *((name, talk) for name in ("mysql_replication", "mariadb_replication", "galera")
      for talk in MYSQL.values()),
    # Also what would show it a Kerberos ticket of the machine's user: 2, 7, 9.
    *(("postgresql_replication", asking(b"R", number)) for number in (3, 2, 7, 9)),
    *(("vertica", asking(b"R", number)) for number in (3, 4, 8, 12)),
    ("vertica", asking(b"R", 7, after=b"x"))]


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "password"
    path.write_text(SECRET)
    return str(path)


def told(heard):
    """Whether the password is in what a server has heard, also for the server's own key."""
    return SECRET.encode() in heard or any(
        _decrypted(heard[begin:begin + 256]) for begin in range(len(heard) - 255))


def _decrypted(part):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    try:
        return KEY.decrypt(part, padding.OAEP(padding.MGF1(hashes.SHA1()),   # noqa: S303
                                              hashes.SHA1(), None))          # noqa: S303
    except ValueError:
        return b""


def ask(name, server, secret, **access):
    asked = datastores.driver(name, {"port": server.port, "username": "up",
                                     "password_file": secret, **access})
    return asked.read([Member("m", "member-1", "127.0.0.1")])["m"]


@pytest.mark.parametrize(("name", "talk"), ASKING)
def test_a_server_that_asks_for_the_password_in_clear_is_not_told_it(name, talk, secret):
    with Hostile(talk) as server:
        facts = ask(name, server, secret)
        assert not told(server.heard)
    assert facts.native["code"] == "cleartext_password"
    assert "allow_cleartext_password" in facts.problems[0]


@pytest.mark.parametrize(("name", "talk"), [
    ("mysql_replication", MYSQL["clear"]), ("galera", MYSQL["cached from the start"]),
    ("postgresql_replication", asking(b"R", 3)), ("vertica", asking(b"R", 3))])
def test_it_is_told_it_when_the_operator_says_so(name, talk, secret):
    with Hostile(talk) as server:
        ask(name, server, secret, allow_cleartext_password=True)
        assert told(server.heard)


@pytest.mark.parametrize("mechanisms", [["PLAIN"], ["PLAIN", "GSSAPI", "MONGODB-X509"], []])
def test_mongodb_is_told_no_password_whatever_it_claims_to_support(mechanisms, secret, monkeypatch):
    def talk(wire):
        hostile.GREETINGS["mongodb"](wire)
        wire.hear()

    monkeypatch.setitem(hostile.HELLO, "saslSupportedMechs", mechanisms)
    with Hostile(talk) as server:
        assert not ask("mongodb", server, secret).answers
        assert not told(server.heard)
        assert b"SCRAM" in server.heard


@pytest.mark.parametrize("first", [3, 7, 9])
@pytest.mark.parametrize("then", [7, 9])
def test_no_server_is_shown_a_ticket_also_where_it_may_be_told_the_password(first, then, secret):
    asked = []

    def talk(wire):
        asked.append(asking(b"R", then if asked else first))
        asked[-1](wire)

    with Hostile(talk) as server:
        facts = ask("postgresql_replication", server, secret, allow_cleartext_password=True)
    assert len(asked) == 2
    assert facts.native["code"] == "access_refused"
    assert "server requested" in facts.problems[0]


@pytest.mark.parametrize("name", ["redis", "cassandra"])
def test_where_no_other_login_is_known_the_operator_may_forbid_it(name, secret):
    with Hostile(hostile.GREETINGS[name]) as server:
        facts = ask(name, server, secret, allow_cleartext_password=False)
        assert not server.heard
        assert facts.native["code"] == "cleartext_password"
        ask(name, server, secret)
        assert server.heard


def test_what_is_neither_true_nor_false_is_refused(secret):
    with Hostile(MYSQL["clear"]) as server:
        facts = ask("mysql_replication", server, secret, allow_cleartext_password="false")
    assert facts.native["code"] == "access_incomplete"


def test_an_option_file_for_a_program_holds_an_address_and_quoted_texts(tmp_path, secret):
    (tmp_path / "odd").write_text('a"b\\c\nplugin-dir=/evil')
    servers = Servers({"username": "u\nhost=evil", "password_file": str(tmp_path / "odd")})
    lines = servers._option_file(Member("m", "m", "::1"), "/empty").splitlines()
    assert lines[1] == 'host="::1"'
    assert 'user="u\\nhost=evil"' in lines
    assert 'password="a\\"b\\\\c\\nplugin-dir=/evil"' in lines
    assert [one for one in lines if one.startswith("plugin-dir")] == ['plugin-dir="/empty"']
    with pytest.raises(DatastoreError, match="no usable address"):
        servers._option_file(Member("m", "m", "10.0.0.1\nplugin-dir=/evil"), "/empty")
