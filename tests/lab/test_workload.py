"""The load tells the truth: no failure in peace, and each kind of harm when there is some."""
import os
import time

import psutil
import pytest
from trove_upgrade.lab import gaps
from trove_upgrade.lab.kinds.redis import native, slots
from trove_upgrade.lab.ledger import Ledger

from tests.waits import until

XDIST_GROUP = "quiet lab"
LISTS = ("missing", "duplicated", "reordered", "stale_reads")
pytestmark = pytest.mark.lab_double
def load_on(lab, cluster, **options):
    return lab.load(cluster, threads=2, preload=300, **options)


def primary_of(lab, shop, shard):
    return next(m for m in lab.members(shop) if m.shard == shard and m.role == "primary")


def test_nothing_fails_in_peace(lab, shop):
    with load_on(lab, shop) as load:
        time.sleep(1.5)
        result = load.stop()
    assert (result["failed"], result["lost"], result["unreadable"]) == (0, 0, 0)
    assert result["errors"] == {}
    assert result["acknowledged"] > 300 + 50
    assert result["operations"] > 2 * (result["acknowledged"] - 300)     # each is read, too
    assert result["longest_gap_sec"] <= result["longest_shard_gap_sec"] < 1.5
    assert result["appends"] > 50
    assert not any(result[name] for name in LISTS), result


def test_a_start_that_is_interrupted_leaves_no_thread(lab, shop, monkeypatch):
    """As by the end of a demo's time."""
    load = lab.load(shop, threads=2, preload=10)
    monkeypatch.setattr(load, "_run", lambda lane: load._stop.wait())       # nobody writes
    monkeypatch.setattr("trove_upgrade.lab.workload.time.sleep", Interrupted.raising)
    with pytest.raises(Interrupted):
        load.start()
    assert len(load._threads) == 2
    assert not any(one.is_alive() for one in load._threads)


class Interrupted(BaseException):
    """A signal's."""

    @classmethod
    def raising(cls, _):
        raise cls


def test_an_append_that_is_sent_again_is_there_once(lab, shop):
    with load_on(lab, shop).clients.connect() as client:
        for place, item in ((0, "a"), (1, "b"), (0, "a"), (2, "c")):
            client.append("list:twice", place, item)
        assert client.items("list:twice") == ["a", "b", "c"]


def test_a_list_changed_behind_its_back_is_reported(lab, shop):
    """Its first item is taken away, its second put behind the third, and its third is doubled."""
    with load_on(lab, shop) as load:
        until(lambda: len(load.lanes[0].lists) > 1, "a full list")
        own = load.lanes[0].lists[0]
        with load.clients.connect() as client:
            first, second, third = client.items(own.name)[:3]
            for command in (("LREM", own.name, 0, first), ("LREM", own.name, 0, second),
                            ("LINSERT", own.name, "AFTER", third, second),
                            ("RPUSH", own.name, third)):
                client._cluster.execute_command(*command)
        result = load.stop()
    assert {name: result[name] for name in LISTS} == {
        "missing": 1, "reordered": 1, "duplicated": 1, "stale_reads": 0}


def test_a_list_that_is_read_without_what_was_appended_is_a_stale_read(lab, shop):
    with load_on(lab, shop) as load:
        own = load.lanes[0].lists[0]
        with load.clients.connect() as client:
            until(lambda: len(own.tried) > 1, "an append")
            client._cluster.delete(own.name)
        until(lambda: load.lanes[0].stale_reads, "a stale read")
        assert load.stop()["missing"] > 0


def test_a_write_lost_behind_its_back_is_reported(lab, shop):
    with load_on(lab, shop) as load:
        with native.connect(primary_of(lab, shop, "shard-2").address, lab.settings) as server:
            victims = [f"preload:{n}" for n in range(300)
                       if slots.shard_of(f"preload:{n}", 3) == 1][:3]
            server.execute_command("DEL", victims[0])
            server.execute_command("SET", victims[1], "something else")
        result = load.stop()
    assert result["lost"] == 2
    assert set(result["lost_examples"]) == set(victims[:2])
    assert result["failed"] == 0


def test_kill_9_and_an_empty_restart_is_loss_failure_and_a_gap(lab, shop):
    """All copies of a shard die without a dump, and come back empty."""
    shard = [m for m in lab.members(shop) if m.shard == "shard-1"]
    with load_on(lab, shop) as load:
        for member in shard:
            kill_9(lab, member)
        until(lambda: load.counts()["failed"], "a failed operation")
        for member in shard:
            lab.upgrade_member(member.id, "8.1.8")
        until(lambda: all(m.cluster_ok for m in lab.members(shop)), "the cluster back")
        result = load.stop()
    in_shard = sum(slots.shard_of(f"preload:{n}", 3) == 0 for n in range(300))
    assert result["lost"] >= in_shard
    assert result["failed"] > 0
    assert sum(result["errors"].values()) == result["failed"]
    assert result["longest_shard_gap_sec"] > 0.3
    assert "shard-1" in {gap["scope"] for gap in result["gaps"]}


def kill_9(lab, member):
    """Its process is the one whose working directory is the member's."""
    for process in psutil.process_iter(["pid", "cwd"]):
        if (process.info["cwd"] or "").endswith(member.id):
            os.kill(process.info["pid"], 9)
            return
    pytest.fail(f"no process of {member.name}")


# The ledger by itself
def a_ledger(count=1200):
    ledger = Ledger(3, lambda key: slots.shard_of(key, 3))
    for number in range(count):
        ledger.record(f"k{number}", f"v{number}")
    return ledger


def test_everything_there_is_nothing_lost():
    verdict = a_ledger().read_back(lambda keys: [f"v{key[1:]}" for key in keys])
    assert (verdict.acknowledged, verdict.lost, verdict.unreadable) == (1200, 0, 0)


def test_missing_and_changed_values_are_lost():
    def read(keys):
        return [{"k5": None, "k6": "old"}.get(key, f"v{key[1:]}") for key in keys]
    verdict = a_ledger().read_back(read)
    assert (verdict.lost, set(verdict.examples)) == (2, {"k5", "k6"})


def test_a_silent_shard_is_unreadable_and_does_not_hide_the_others():
    ledger, asked = a_ledger(6000), []

    def read(keys):
        if ledger.part_of(keys[0]) == 1:
            asked.append(len(keys))
            raise ConnectionError
        return [f"v{key[1:]}" for key in keys]
    verdict = ledger.read_back(read)
    silent = sum(ledger.part_of(f"k{n}") == 1 for n in range(6000))
    assert (verdict.lost, verdict.unreadable) == (0, silent)
    assert len(asked) == 2               # then it gave the shard up


def test_shards_have_the_slots_that_a_new_cluster_has():
    assert slots.slot_ranges(3) == [(0, 5460), (5461, 10921), (10922, 16383)]
    assert {slots.shard_of(f"k{n}", 3) for n in range(50)} == {0, 1, 2}
    assert slots.shard_of("anything", 1) == 0


# Gaps
def test_gaps_count_the_edges_of_the_load():
    assert gaps.longest([1.0, 1.1, 1.2], 0.0, 1.3) == pytest.approx(1.0)
    assert gaps.longest([0.1, 0.2], 0.0, 5.0) == pytest.approx(4.8)
    assert gaps.longest([], 0.0, 7.0) == pytest.approx(7.0)


def test_only_gaps_that_one_can_see_are_listed():
    assert gaps.listed([0.1, 0.2, 1.2, 1.3], 0.0, 1.4, "all") == [
        {"scope": "all", "from": 0.2, "to": 1.2, "sec": 1.0}]
