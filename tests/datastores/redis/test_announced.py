"""Servers that announce other addresses than Trove knows, as behind NAT."""
import contextlib
import subprocess

import pytest
import redis
from trove_upgrade.datastores.base import Member
from trove_upgrade.datastores.redis import RedisDriver

from tests.datastores.redis.binaries import SERVERS
from tests.waits import until

XDIST_GROUP = "lab clients"
PORT = 21701
KNOWN, ANNOUNCED = ("127.62.1.{}", "127.62.2.{}")
MEMBERS = [Member(f"m{number}", f"shop-{number}", KNOWN.format(number)) for number in (1, 2)]
DRIVER = RedisDriver({"port": PORT})


@contextlib.contextmanager
def server(directory, number):
    """A client of one member."""
    path, environment = SERVERS["valkey 8.1"]()
    known, announced = KNOWN.format(number), ANNOUNCED.format(number)
    directory.mkdir()
    (directory / "node.conf").write_text(
        f"bind {known} {announced}\nport {PORT}\ncluster-announce-ip {announced}\n"
        "cluster-enabled yes\nprotected-mode no\nrepl-diskless-sync-delay 0\nlogfile log\n")
    process = subprocess.Popen([path, "node.conf"], cwd=directory, env=environment)
    try:
        with redis.Redis(known, PORT, decode_responses=True) as client:
            until(lambda: _serves(client), "the server", every=0.02)
            yield client
    finally:
        process.kill()
        process.wait()


def _serves(client):
    try:
        return client.ping()
    except redis.RedisError:
        return False


def linked(client):
    return client.info("replication").get("master_link_status") == "up"


@pytest.fixture
def shard(tmp_path):
    """A primary and its replica, and the context that ends the replica."""
    with contextlib.ExitStack() as ends, server(tmp_path / "1", 1) as primary:
        replica = ends.enter_context(server(tmp_path / "2", 2))
        primary.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        replica.execute_command("CLUSTER MEET", ANNOUNCED.format(1), PORT)
        own = primary.execute_command("CLUSTER MYID")
        until(lambda: own in str(replica.execute_command("CLUSTER NODES")), "the primary")
        replica.execute_command("CLUSTER REPLICATE", own)
        until(lambda: linked(replica), "the replica")
        yield primary, replica, ends


def test_members_are_known_by_their_node_ids_and_a_silent_one_may_be_put_back(shard):
    primary, replica, ends = shard
    ids = {one.id: client.execute_command("CLUSTER MYID")
           for one, client in zip(MEMBERS, (primary, replica), strict=True)}

    def wrong():
        return [one.name for one in DRIVER.checks(DRIVER.read(MEMBERS)) if not one.ok]

    until(lambda: wrong() == [], "both to see each other")
    assert {one.id: one.server_id for one in DRIVER.read(MEMBERS).values()} == ids
    ends.close()
    facts = DRIVER.read(MEMBERS)
    assert (facts["m2"].native["node"], facts["m2"].domain) == (ids["m2"], "shard-1")
    assert "members_match" not in wrong()
    assert DRIVER.blockers(facts, ["m2"]) == []
