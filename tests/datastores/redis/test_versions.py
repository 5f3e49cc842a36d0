"""Whether an old server reads what a newer one has written, and whether the driver knows it.

A server by itself, which is no cluster and so writes at once, is started on one directory: first
the old version, then the new one, then the old one again.
"""
import contextlib
import itertools
import subprocess
from pathlib import Path

import pytest
import redis
from trove_upgrade.datastores.base import Facts, Member
from trove_upgrade.datastores.redis import RedisDriver, driver, files, topology

from tests.datastores.redis.binaries import SERVERS
from tests.waits import until

ADDRESS, PORT = "127.62.0.1", 21700
CONFIGURATION = {
    "rdb": "save 900 1\nappendonly no\n",
    "aof": "save ""\nappendonly yes\n",
}
# Valkey reads no dump of a Redis that is newer than 7.2.
REFUSED = ("redis 8.2", "valkey 9.1")
UPGRADES = [pytest.param(*pair, id=" to ".join(pair)) for pair in itertools.combinations(SERVERS, 2)
            if pair != REFUSED]


class Node:
    """A server on one directory, of one version after the other."""

    def __init__(self, directory, persistence):
        self.directory, self.member = directory, Member("m1", "shop-1", ADDRESS)
        self.driver = RedisDriver({"port": PORT})
        (directory / "node.conf").write_text(
            f"bind {ADDRESS}\nport {PORT}\nprotected-mode no\nlogfile log\n"
            f"{CONFIGURATION[persistence]}")

    def configure(self, *lines):
        with (self.directory / "node.conf").open("a") as written:
            written.writelines(f"{line}\n" for line in lines)

    @contextlib.contextmanager
    def running(self, server):
        """A client of it; it is stopped in good order."""
        path, environment = server
        process = subprocess.Popen([path, "node.conf"], cwd=self.directory, env=environment)
        try:
            with redis.Redis(ADDRESS, PORT, decode_responses=True) as asked:
                until(lambda: process.poll() is not None or _serves(asked), "the server",
                      every=0.02)
                if process.poll() is not None:
                    raise ChildProcessError((self.directory / "log").read_text()[-500:])
                yield asked
            process.terminate()
            process.wait(20)
        finally:
            process.kill()
            process.wait()

    def keys(self, server):
        """How many keys the server finds; 0 when it does not start."""
        try:
            with self.running(server) as asked:
                return asked.dbsize()
        except ChildProcessError:
            return 0


def facts_of(asked):
    """What the driver knows of the server's files."""
    info, settings = asked.info(), asked.config_get()
    return Facts("m1", "shop-1", answers=True, version=topology.version_of(info),
                 settings=settings, native=files.facts_of(info, settings) | {
                     "product": topology.product_of(info)})


def servers(*names):
    """Those of SERVERS; skipped where one can't be had."""
    try:
        return [SERVERS[name]() for name in names]
    except (ImportError, RuntimeError) as error:
        pytest.skip(str(error))


def closed(facts, origin):
    """Why the driver would not send the server back to this version."""
    return files.unreadable({"m1": facts}, facts, origin, only_copy=False)


def _serves(asked):
    try:
        return not asked.info("persistence")["loading"]
    except redis.RedisError:
        return False


@pytest.fixture
def node(tmp_path, persistence, monkeypatch):
    """As if it had a replica: the only copy of a shard must save a dump before it stops."""
    monkeypatch.setattr(driver, "_is_only_copy", lambda replication: False)
    return Node(tmp_path, persistence)


@pytest.mark.parametrize("persistence", CONFIGURATION)
@pytest.mark.parametrize(("old", "new"), UPGRADES)
def test_the_rollback_path_is_open_and_closed_where_the_driver_says_so(node, persistence, old, new):
    """Before it is finalised and, where it was open till then, after that."""
    old, new = servers(old, new)
    with node.running(old) as asked:
        _fill(asked)
        before, origin = asked.dbsize(), facts_of(asked)
    with node.running(new) as asked:
        assert asked.dbsize() == before
        assert files.foreign({"m1": origin}, facts_of(asked).version) == []
        node.driver.keep_rollback_path(node.member, origin.version, facts_of(asked).version)
        asked.set("of the new version", 1)
        why = closed(facts_of(asked), origin.version)
    assert (node.keys(old) >= before) is (not why), why
    if why:
        return
    with node.running(new) as asked:
        node.driver.keep_rollback_path(node.member, origin.version, facts_of(asked).version)
        node.driver.finalize(node.member, origin.settings)
        if persistence == "aof":
            asked.bgrewriteaof()
            until(lambda: not asked.info("persistence")["aof_rewrite_in_progress"], "a rewrite")
        why = closed(facts_of(asked), origin.version)
    assert why
    assert node.keys(old) < before, why


@pytest.mark.parametrize("persistence", CONFIGURATION)
def test_a_target_that_can_not_read_the_data_is_refused(node):
    old, new = servers(*REFUSED)
    with node.running(old) as asked:
        _fill(asked)
        before, origin = asked.dbsize(), facts_of(asked)
    assert "writes RDB version 12, which Valkey 9.1.2 can't read" in files.foreign(
        {"m1": origin}, "9.1.2")[0]
    assert node.keys(new) == 0
    node.configure("rdb-version-check relaxed")      # the remedy's words
    assert node.keys(new) == before


@pytest.mark.parametrize("persistence", ["rdb"])
def test_with_its_save_points_a_member_is_not_sent_back(node):
    old, new = servers("valkey 8.1", "valkey 9.1")
    with node.running(old) as asked:
        _fill(asked)
        before, origin = asked.dbsize(), facts_of(asked)
    with node.running(new) as asked:
        assert facts_of(asked).native["rdb_saves"] == 0
        assert "has save points" in closed(facts_of(asked), origin.version)
    assert node.keys(old) == 0
    assert node.keys(new) == before


@pytest.mark.parametrize("persistence", ["rdb"])
def test_the_modules_of_a_server_are_known(node):
    with_module, = servers("redis 8.2")
    node.configure("cluster-enabled yes", "loadmodule "
                   f"{Path(with_module[0]).with_name('falkordb.so')}")
    with node.running(with_module):
        facts = node.driver.read([node.member])["m1"]
    assert facts.answers, facts.problems
    assert {"graph", "vectorset"} <= facts.native["modules"].keys()
    assert facts.native["product"] == "Redis"


def _fill(asked):
    for number in range(100):
        asked.set(f"text {number}", number)
    asked.hset("hash", mapping={str(number): number for number in range(600)})
    asked.rpush("list", *range(600))
    asked.zadd("sorted set", {str(number): number for number in range(600)})
    asked.sadd("set", *range(600))
    asked.xadd("stream", {"field": "value"})
    asked.xgroup_create("stream", "group")
