"""Whether members save their data, who can read them, and whether they are all there."""
import pytest
from trove_upgrade.datastores.base import MEMBER, Driver, Facts
from trove_upgrade.datastores.redis import RedisDriver, files, paths, topology

from tests.unit.datastores.redis.model import Cluster

DRIVER = RedisDriver({})
PLAIN_AOF = {"appendonly": "yes", "aof-use-rdb-preamble": "no"}
# As Redis 6.2 answers INFO persistence: it does not count its dumps and rewrites.
OLD_INFO = {"aof_enabled": 0, "rdb_last_bgsave_status": "ok", "aof_last_write_status": "ok"}


def read(cluster):
    return cluster.driver.read(cluster.members)


@pytest.mark.parametrize(("origin", "target", "moved"), [
    ("6.2.14", "7.0.15", True), ("6.0.16", "8.1.8", True), ("5.0.14", "9.1.2", True),
    ("6.0.16", "6.2.14", False), ("7.0.15", "8.1.8", False), ("8.1.8", "9.1.2", False)])
def test_an_append_only_file_of_before_7_is_not_found_by_its_old_version(origin, target, moved):
    assert paths.moves_append_only_file(origin, target) is moved
    cluster = Cluster(3, 1, version=origin)
    node = cluster.nodes["m0003"]
    node.settings |= PLAIN_AOF
    note = " ".join(DRIVER.texts(read(cluster), True).notes)
    assert ("No rollback path for member-3" in note) is (origin < "7")
    node.version = target
    closed = DRIVER.closed_rollback_path(read(cluster), "m0003", origin)
    assert ("appenddirname" in closed) is moved
    assert bool(closed) is moved


@pytest.mark.parametrize(("origin", "target", "closed"), [
    ("4.0.14", "6.2.14", True), ("5.0.14", "6.2.14", False), ("6.0.16", "6.2.14", False),
    ("6.2.14", "7.0.15", True), ("7.0.15", "7.2.4", True), ("8.1.8", "8.1.9", False)])
def test_a_dump_closes_the_rollback_path_where_the_format_differs(origin, target, closed):
    cluster = Cluster(3, 1, version=target)
    cluster.nodes["m0003"].saves = 1
    cluster.nodes["m0003"].settings["save"] = ""
    assert bool(DRIVER.closed_rollback_path(read(cluster), "m0003", origin)) is closed


def test_a_member_with_save_points_does_not_go_back_for_it_saves_a_dump_when_it_stops():
    cluster = Cluster(3, 1, version="9.1.2")
    closed = DRIVER.closed_rollback_path(read(cluster), "m0003", "8.1.8")
    assert "member-3 has save points, so it saves a dump in the format of 9.1.2" in closed
    assert DRIVER.closed_rollback_path(read(cluster), "m0003", "9.1.0") == ""


def test_of_a_number_that_redis_and_valkey_both_have_no_two_releases_write_one_format():
    assert not paths.same_format("8.0.1", "8.0.2")
    assert paths.same_format("8.0.1", "8.0.1")
    assert paths.same_format("7.2.4", "7.2.9")


@pytest.mark.parametrize(("product", "version", "target", "number"), [
    ("Redis", "7.4.1", "8.1.8", 12), ("Redis", "8.0.2", "9.1.2", 12),
    ("Redis", "8.2.1", "9.0.0", 12), ("Redis", "8.10.0", "9.1.2", 13),
    ("Redis", "6.2.14", "9.1.2", 0), ("Redis", "7.0.15", "8.1.8", 0),
    ("Redis", "7.2.4", "9.1.2", 0), ("Redis", "7.4.1", "8.0.2", 0), ("Redis", "7.4.1", "8.2.1", 0),
    ("Valkey", "8.1.8", "8.2.1", 0), ("Valkey", "8.1.8", "9.1.2", 0),
    ("Valkey", "9.0.0", "9.1.2", 0)])
def test_what_the_other_product_can_not_read_is_refused_by_name(product, version, target, number):
    cluster = Cluster(3, 1, version=version)
    facts = read(cluster)
    for one in facts.values():
        one.native["product"] = product
    check, = DRIVER.checks_towards(facts, target)
    assert (check.name, check.ok) == ("data_readable", not number)
    assert (f"member-3 runs Redis {version} and writes RDB version {number}, which Valkey {target} "
            "can't read" in check.message) is bool(number)
    assert ("rdb-version-check" in check.remedy) is bool(number)


def test_who_goes_back_to_the_other_product_is_judged_by_its_rollback_path(cluster):
    for node in cluster.nodes.values():
        node.version = "9.1.2"
    assert DRIVER.checks_towards(read(cluster), "7.0.15")[0].ok


def test_the_product_is_told_by_the_server_itself():
    assert topology.product_of({"redis_version": "8.2.1"}) == "Redis"
    assert topology.product_of({"redis_version": "7.2.4", "valkey_version": "8.1.8"}) == "Valkey"


def test_dumps_that_a_version_does_not_count_may_have_been_saved():
    assert files.facts_of(OLD_INFO, {"save": "900 1"})["rdb_saves"]


@pytest.mark.parametrize(("save", "info", "wrong"), [
    ("900 1", {"rdb_last_bgsave_status": "err"}, "rdb_last_bgsave_status err"),
    ("", {"rdb_last_bgsave_status": "err"}, ""),
    ("", {"aof_enabled": 1, "aof_last_write_status": "err"}, "aof_last_write_status err"),
    ("", {"aof_enabled": 1, "aof_last_bgrewrite_status": "err"}, "aof_last_bgrewrite_status err"),
    ("900 1", {"aof_last_write_status": "err"}, ""), ("900 1", {}, "")])
def test_saving_that_fails_is_told(save, info, wrong):
    assert wrong in " ".join(files.failing("shop-1", OLD_INFO | info, {"save": save}))


def test_a_member_that_can_not_save_keeps_the_gate_shut(cluster):
    answer = type(cluster)._answer
    cluster._answer = lambda asked: (made := answer(cluster, asked)) | (
        {"info": made["info"] | {"rdb_last_bgsave_status": "err"}} if asked.id == "m0001" else {})
    assert "member-1 fails to save" in DRIVER.blockers(read(cluster), {"m0003"})[0]
    refused = [one.name for one in DRIVER.checks(read(cluster)) if not one.ok]
    assert refused == ["members_healthy"]


def test_keys_that_expire_are_not_counted():
    info = {"db0": {"keys": 10, "expires": 4, "avg_ttl": 0}, "db3": {"keys": 1, "expires": 0},
            "redis_version": "7.0.15"}
    assert files.keys(info) == 7


@pytest.mark.parametrize(("size", "told"), [(1 << 20, True), (100 << 20, False)])
def test_a_backlog_that_does_not_outlast_an_absence_is_told(cluster, size, told):
    answer = type(cluster)._answer
    cluster._answer = lambda asked: (made := answer(cluster, asked)) | {"info": made["info"] | {
        "master_repl_offset": 36 << 20, "repl_backlog_size": size, "uptime_in_seconds": 3600}}
    notes = " ".join(DRIVER.texts(read(cluster), True).notes)
    assert ("The backlog of member-0 (100 s), member-1" in notes) is told
    assert ("repl-backlog-size" in notes) is told


# Fewer keys than before
def test_an_only_copy_that_came_back_empty_lacks_data():
    cluster = Cluster(3, 0)
    cluster.nodes["m0001"].keys = 0
    assert DRIVER.missing_data(read(cluster), "m0001", {"keys": 1005}) == (
        "member-1 came back with 0 keys that do not expire, and had 1005")
    cluster.nodes["m0001"].keys = 1005
    assert DRIVER.missing_data(read(cluster), "m0001", {"keys": 1005}) == ""


def test_keys_that_clients_have_written_since_do_not_hide_that_it_came_back_empty():
    cluster = Cluster(3, 0)
    answer = type(cluster)._answer
    cluster._answer = lambda asked: (made := answer(cluster, asked)) | {
        "info": made["info"] | {"rdb_last_load_keys_loaded": 3}}
    cluster.nodes["m0001"].keys = 2000
    assert "came back with 3 keys" in DRIVER.missing_data(read(cluster), "m0001", {"keys": 1005})


def test_a_replica_lacks_data_only_when_its_primary_has_more(cluster):
    cluster.nodes["m0003"].keys = 400
    cluster.nodes["m0000"].keys = 500
    assert DRIVER.missing_data(read(cluster), "m0003", {"keys": 1005})
    cluster.nodes["m0003"].keys = 500
    assert DRIVER.missing_data(read(cluster), "m0003", {"keys": 1005}) == ""


def test_of_a_member_that_was_unreachable_before_nothing_is_asked(cluster):
    cluster.nodes["m0003"].keys = 0
    assert DRIVER.missing_data(read(cluster), "m0003", {}) == ""


def test_any_driver_compares_the_numbers_that_its_members_hold():
    facts = {"m1": Facts("m1", "shop-1", answers=True, role=MEMBER, holds={"position": 7})}
    assert Driver.missing_data(DRIVER, facts, "m1", {"position": 9}) == (
        "shop-1 came back with less data: position 7, and had 9")
    assert Driver.missing_data(DRIVER, facts, "m1", {"position": 7}) == ""
