"""Whatever a member's server does stays that member's problem, in bounded time and memory."""
import re
import struct
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trove_upgrade import datastores
from trove_upgrade.datastores.base import DatastoreError, Member
from trove_upgrade.datastores.servers import GRACE_SEC, TIMES, AskedAtOnce, left

from tests.unit.datastores import hostile
from tests.unit.datastores.hostile import GREETINGS, Hostile, message

SHORT_SEC = 0.4
ENOUGH = 300        # so many bytes, a twentieth of a second apart, last longer than a question may
MEMORY_MB = 64      # above what was in use before; what the library makes of 4 MiB, too
COMMANDS = {"redis": lambda client: client.ping(),
            "mongodb": lambda client: client.admin.command("ping")}
each_driver = pytest.mark.parametrize("name", sorted(GREETINGS))


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Members may be silent for a moment only."""
    for one in datastores.drivers().values():
        servers = getattr(__import__(one.__module__, fromlist=["Servers"]), "Servers", None)
        if servers:
            monkeypatch.setattr(servers, "timeout_sec", SHORT_SEC)
    monkeypatch.setattr(AskedAtOnce, "timeout_sec", SHORT_SEC)


def read(name, server, **access):
    """What the driver makes of one such server, and how many seconds it took."""
    asker = datastores.driver(name, {"port": server.port, "username": "up", **access})
    begin = time.monotonic()
    facts = asker.read([Member("m", "member-1", "127.0.0.1")])["m"]
    return facts, time.monotonic() - begin


def peak_mb(action):
    """How much more memory than before was in use at once while it was done."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident("VmRSS")
    action()
    return (_resident("VmHWM") - before) // 1024


def _resident(name):
    return int(re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def assert_its_problem(facts, seconds):
    assert not facts.answers
    assert len(facts.problems) == 1
    assert "member-1" in facts.problems[0]
    assert len(facts.problems[0]) < 1000
    assert facts.problems[0].isprintable()
    assert seconds < TIMES * SHORT_SEC + GRACE_SEC + 1


@each_driver
def test_an_answer_without_end_is_cut(name):
    def talk(wire):
        GREETINGS[name](wire)
        wire.send(hostile.endless(name, getattr(wire, "request", b"")))
        for number in range(600):
            wire.send(hostile.block(name, number))

    with Hostile(talk) as server:
        found = []
        used = peak_mb(lambda: found.extend(read(name, server)))
    assert_its_problem(*found)
    assert "has sent more than" in found[0].problems[0]
    assert used < MEMORY_MB


@each_driver
def test_many_small_things_are_not_more_than_a_large_one(name):
    """What takes a few bytes on the wire is an object for us."""
    def talk(wire):
        GREETINGS[name](wire)
        if name == "cassandra":         # REGISTER
            wire.send(hostile.frame(wire.request, 2, b""))
            wire.request = wire.hear()
        wire.send(hostile.many(name, getattr(wire, "request", b"")))
        wire.hear()

    with Hostile(GREETINGS[name]) as server:
        read(name, server)      # the library's own memory is there
    with Hostile(talk) as server:
        found = []
        used = peak_mb(lambda: found.extend(read(name, server)))
    assert_its_problem(*found)
    assert used < 2 * MEMORY_MB     # objects are larger than what came over the wire


@pytest.mark.parametrize("size", [0, 100_000_000])
def test_what_mongodb_packs_is_not_unpacked(size):
    """The client library unpacks it whether it has asked for it or not."""
    def talk(wire):
        GREETINGS["mongodb"](wire)
        # The number of the request stands in the header.
        wire.send(packed[:8] + wire.request[4:8] + packed[12:])
        wire.hear()

    packed = hostile.compressed(b"\0" * 8, size)
    with Hostile(talk) as server:
        found = []
        used = peak_mb(lambda: found.extend(read("mongodb", server)))
    assert_its_problem(*found)
    assert "sends compressed messages" in found[0].problems[0]
    assert used < MEMORY_MB


@each_driver
def test_an_answer_that_comes_a_byte_at_a_time_is_cut(name):
    def talk(wire):
        GREETINGS[name](wire)
        wire.send(hostile.endless(name, getattr(wire, "request", b"")) or b"\xff\xff\x01\x01")
        for _ in range(ENOUGH):
            wire.send(b"x")
            time.sleep(0.05)

    with Hostile(talk) as server:
        facts, seconds = read(name, server)
        busy = [one for one in left.values() if one.running()]
    assert_its_problem(facts, seconds)
    assert not busy, "its connection was cut, and no thread waits on"


@each_driver
@pytest.mark.parametrize("said", [b"", b"\x1b]0;owned\x07\r\n" * 9, b"\xff" * 5000, b"\0" * 5000],
                         ids=["nothing", "escapes", "ones", "noughts"])
def test_what_is_no_word_of_the_protocol_stays_the_members_problem(name, said):
    def early(wire):
        wire.send(said)

    def late(wire):
        GREETINGS[name](wire)
        wire.send(said)

    for talk in early, late:
        with Hostile(talk) as server:
            assert_its_problem(*read(name, server))


DEEP = 30_000
NESTED = {
    "redis": lambda wire: b"*1\r\n" * DEEP,
    "postgresql_replication": lambda wire: hostile.rows("senders", 114, [b"[" * DEEP]),
    "mongodb": lambda wire: hostile.op_raw(wire.request, hostile.nested(DEEP)),
    # A column of lists of lists of lists.
    "cassandra": lambda wire: hostile.frame(wire.request, 8, (
        struct.pack(">III", 2, 1, 1) + b"\0\1k\0\1t\0\1c" + b"\0\x20" * DEEP + b"\0\x0d"
        + struct.pack(">II", 1, 0)))}


@pytest.mark.parametrize("name", NESTED)
def test_an_answer_that_is_nested_without_end_is_not_followed(name):
    def talk(wire):
        GREETINGS[name](wire)
        wire.send(NESTED[name](wire))
        wire.hear()

    with Hostile(talk) as server:
        assert_its_problem(*read(name, server))


@pytest.mark.parametrize("rounds", [b"20000000", b"0000000000020000000", b"+2147483647",
                                    b" \t 020000000"])
@pytest.mark.parametrize("parts", [1, 2, 7])
def test_a_login_that_would_take_for_ever_is_given_up(parts, rounds, tmp_path):
    """libpq would compute it, and no other thread of the executor would run."""
    def talk(wire):
        wire.hear()
        wire.send(message(b"R", struct.pack(">I", 10) + b"SCRAM-SHA-256\0\0"))
        said = wire.hear()
        nonce = said[said.index(b"r=") + 2:].rstrip(b"\0")
        asked = message(b"R", struct.pack(">I", 11) + b"r=" + nonce
                        + b"abc,s=QUJDREVGR0hJSktMTU5PUA==,i=" + rounds)
        for part in [asked[:-parts], *(asked[place:][:1] for place in range(-parts, 0))]:
            wire.send(part)
            time.sleep(0.01)
        wire.hear()

    (tmp_path / "password").write_text("secret")
    with Hostile(talk) as server:
        facts, seconds = read("postgresql_replication", server,
                              password_file=str(tmp_path / "password"))
    assert_its_problem(facts, seconds)
    assert "hashed too often" in facts.problems[0]


@pytest.mark.parametrize("rounds", [b"20000000", b"+2_000_000", b" 0002147483647"])
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_a_login_of_mongodb_is_not_hashed_for_ever(mechanism, rounds, tmp_path, monkeypatch):
    """A thread that hashes can't be ended from outside."""
    def talk(wire):
        GREETINGS["mongodb"](wire)
        nonce = re.search(rb"r=([^,\0]+)", wire.request)[1]
        wire.send(hostile.op_msg(wire.request, {
            "ok": 1, "conversationId": 1, "done": False,
            "payload": b"r=" + nonce + b"abc,s=QUJDREVGR0hJSktMTU5PUA==,i=" + rounds}))
        wire.hear()

    def hashed(*how):
        pytest.fail("hashed")

    monkeypatch.setitem(hostile.HELLO, "saslSupportedMechs", [mechanism])
    monkeypatch.setattr("hashlib.pbkdf2_hmac", hashed)
    (tmp_path / "password").write_text("secret")
    with Hostile(talk) as server:
        facts, seconds = read("mongodb", server, password_file=str(tmp_path / "password"))
    assert_its_problem(facts, seconds)
    assert "hashed too often" in facts.problems[0]


@pytest.mark.parametrize("after", [
    b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", b"R\0\0\0\x08\0\0\0\x03"])
def test_libpq_hashes_nothing_whatever_a_server_says_when_it_is_asked_again(after, tmp_path):
    """First it asks for what is usual, then for very much, or for the password itself."""
    asked = []

    def talk(wire):
        wire.hear()
        asked.append(wire)
        wire.send(message(b"R", struct.pack(">I", 10) + b"SCRAM-SHA-256\0\0")
                  if len(asked) == 1 else after)
        said = wire.hear()
        wire.send(message(b"R", struct.pack(">I", 11) + said[said.index(b"r="):].rstrip(b"\0")
                          + b"abc,s=QUJDREVGR0hJSktMTU5PUA==,i="
                          + (b"4096" if len(asked) == 1 else b"40000000")))
        wire.hear()

    (tmp_path / "password").write_text("S3CRET-of-operator")
    with Hostile(talk) as server:
        facts, seconds = read("postgresql_replication", server,
                              password_file=str(tmp_path / "password"))
    assert len(asked) == 2
    assert_its_problem(facts, seconds)
    assert b"S3CRET" not in server.heard


@pytest.mark.parametrize("said", [
    b"", b"\xff" * 5000, b"R", b"R\0\0\0\x01", b"R\xff\xff\xff\xff", b"R\0\0\0\x05\0",
    b"E\0\0\0\x04", b"R\0\0\0\x0c\0\0\0\x05salt", b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"
    b"R\0\0\0\x09\0\0\0\x0bi", b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"
    b"R\0\0\0\x11\0\0\0\x0bs=,r=,i=-"])
def test_a_login_that_is_none_stays_the_members_problem(said, tmp_path):
    def talk(wire):
        wire.hear()
        wire.send(said)

    (tmp_path / "password").write_text("S3CRET-of-operator")
    with Hostile(talk) as server:
        assert_its_problem(*read("postgresql_replication", server,
                                 password_file=str(tmp_path / "password")))
    assert b"S3CRET" not in server.heard


def test_who_keeps_a_thread_busy_is_not_given_another_one(monkeypatch):
    over, asked = threading.Event(), []

    class Stuck(AskedAtOnce):
        default_port, timeout_sec = 1, 0.01

        def answer(self, member):
            asked.append(member.id)
            over.wait(30)
            return {}

    monkeypatch.setattr("trove_upgrade.datastores.servers.GRACE_SEC", 0.1)
    try:
        answers = [Stuck({}).ask_all([Member("m", "member-1", "127.0.0.9")]) for _ in range(3)]
    finally:
        over.set()
    assert [one["m"]["code"] for one in answers] == ["no_answer"] * 3
    assert asked == ["m"]


BYTES = st.binary(max_size=60)
RESP = st.recursive(
    st.one_of(st.integers().map(lambda n: b":%d\r\n" % n), st.just(b"_\r\n"), st.just(b"#t\r\n"),
              st.text(max_size=9).map(lambda text: b"+" + repr(text).encode() + b"\r\n"),
              st.text(max_size=9).map(lambda text: b"-ERR " + repr(text).encode() + b"\r\n"),
              BYTES.map(lambda one: b"$%d\r\n%b\r\n" % (len(one), one))),
    lambda inner: st.lists(inner, max_size=4).map(
        lambda many: b"*%d\r\n" % len(many) + b"".join(many)) | st.lists(
        st.tuples(inner, inner).map(b"".join), max_size=3).map(
        lambda many: b"%%%d\r\n" % len(many) + b"".join(many)), max_leaves=8)
POSTGRESQL = st.builds(message, st.sampled_from(
    [bytes([one]) for one in b"12ACDEGHIKNRSTVWZnst"]), BYTES)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["ok", "version", "msg", "setName", "myState", "members", "config", "set"]),
    st.one_of(st.none(), st.booleans(), st.integers(-9, 2 ** 40), st.text(max_size=9),
              st.lists(st.none(), max_size=3), st.dictionaries(st.just("_id"), st.none())))
# What follows the greeting, given the number of the answer and the request.
REPLIES = {
    "redis": RESP.map(lambda said: lambda number, request: said),
    "postgresql_replication": POSTGRESQL.map(lambda said: lambda number, request: said),
    "vertica": POSTGRESQL.map(lambda said: lambda number, request: said),
    "mongodb": DOCUMENTS.map(lambda said: lambda number, request: hostile.op_msg(request, said)),
    "cassandra": st.tuples(st.sampled_from([0, 2, 3, 6, 8, 12, 14, 16]), BYTES).map(
        lambda said: lambda number, request: hostile.frame(request, *said)),
    **dict.fromkeys(("galera", "mysql_replication", "mariadb_replication"), BYTES.map(
        lambda said: lambda number, request: hostile.packet(number + 1, said)))}


@each_driver
@settings(max_examples=12, deadline=None, derandomize=True,
          suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_arbitrary_replies_within_the_protocol_stay_the_members_problem(name, data):
    replies = data.draw(st.lists(REPLIES[name], min_size=1, max_size=10))

    def talk(wire):
        GREETINGS[name](wire)
        for number, reply in enumerate(replies):
            wire.send(reply(number, getattr(wire, "request", b"")))
            if name in ("mongodb", "cassandra"):
                wire.request = wire.hear()

    with Hostile(talk) as server:
        found = []
        used = peak_mb(lambda: found.extend(read(name, server)))
    facts, seconds = found
    assert seconds < TIMES * SHORT_SEC + GRACE_SEC + 1
    assert used < MEMORY_MB
    datastores.driver(name, {}).decide({"m": facts})


@each_driver
def test_a_command_has_a_deadline_too(name):
    def talk(wire):
        for _ in range(ENOUGH):
            wire.send(b"\x01")
            time.sleep(0.05)

    with Hostile(talk) as server:
        servers = datastores.driver(name, {"port": server.port, "username": "up"})._servers
        begin = time.monotonic()
        with pytest.raises(DatastoreError) as failed, \
                servers.connect(Member("m", "member-1", "127.0.0.1")) as client:
            COMMANDS.get(name, lambda client: client.execute("select 1"))(client)
        assert time.monotonic() - begin < TIMES * SHORT_SEC + GRACE_SEC
    assert failed.value.code == "no_answer"


@each_driver
@pytest.mark.parametrize("address", [
    "", "localhost", "db.example.org", "0.0.0.0", "::",      # noqa: S104
    "::ffff:0.0.0.0", "127.1", "2130706433",
    "224.0.0.1", "255.255.255.255", "fe80::1%eth0\nplugin-dir=/evil", "10.0.0.1\nplugin-dir=/evil",
    "mongodb://evil/?authMechanism=PLAIN", "/var/run/evil.sock", "127.0.0.1:1", "127.0.0.1,evil",
    " 127.0.0.1", None, 1])
def test_what_is_no_address_is_nobodys(name, address, monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *asked, **more: pytest.fail("looked up"))
    facts = datastores.driver(name, {}).read([Member("m", "member-1", address)])["m"]
    assert facts.native["code"] == "no_address"
    assert facts.problems[0].startswith("Trove gives no usable address for member-1")
