"""The doubles, seen by a stock client: what the upgrade of a cluster needs of them is so."""
import itertools
import threading
import time
import uuid

import pymongo
import pytest
from pymongo.errors import OperationFailure
from trove_upgrade.lab.kinds.mongodb.double.storage import BadData

from tests.datastores.mongodb.nodes import (
    ROUTERS,
    RS1,
    RS2,
    Doubles,
    sharded_cluster,
)
from tests.waits import until

pytestmark = pytest.mark.lab_double
@pytest.fixture(scope="module")
def doubles(tmp_path_factory):
    with sharded_cluster(tmp_path_factory.mktemp("doubles")) as made:
        yield made


@pytest.fixture
def alone(tmp_path):
    """One replica set of three, without routers."""
    with Doubles(tmp_path) as made:
        for one in RS1:
            made.add(one, set="rs1")
        made.initiate("rs1", RS1)
        yield made


class Load:
    """A thread that inserts; what was acknowledged, and what failed."""

    def __init__(self, collection):
        self.collection, self.written, self.errors = collection, [], []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        until(lambda: self.written)
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        own = uuid.uuid4().hex      # a test that is run again finds what it wrote before
        for number in itertools.count(1):
            if self._stop.wait(0.005):
                return
            try:
                self.collection.insert_one({"_id": f"{own}-{number}"})
                self.written.append(f"{own}-{number}")
            except pymongo.errors.PyMongoError as error:
                self.errors.append(repr(error))

    def lost(self):
        there = {one["_id"] for one in self.collection.find({"_id": {"$in": self.written}})}
        return set(self.written) - there


def test_a_client_reads_through_one_router_what_it_wrote_through_another(doubles):
    first, second = (doubles.client(one) for one in ROUTERS)
    rows = [{"_id": f"key-{number}", "value": number} for number in range(40)]
    first.shop.orders.insert_many(rows)
    assert second.shop.orders.find_one({"_id": "key-7"}) == {"_id": "key-7", "value": 7}
    keys = [row["_id"] for row in rows]
    assert len(list(second.shop.orders.find({"_id": {"$in": keys}}))) == 40
    with pytest.raises(pymongo.errors.DuplicateKeyError):
        first.shop.orders.insert_one({"_id": "key-7"})


def test_documents_are_spread_over_the_shards(doubles):
    doubles.client(*ROUTERS).shop.spread.insert_many([{"_id": n} for n in range(30)])
    counts = []
    for members in (RS1, RS2):
        client = doubles.client(doubles.primary(members))
        counts.append(len(list(client.shop.spread.find({}))))
    assert sum(counts) == 30
    assert min(counts) > 5


def test_who_does_not_log_in_is_refused(doubles):
    with pytest.raises(OperationFailure, match="requires authentication"):
        doubles.client("rs1-1", username=None, password=None).admin.command("replSetGetStatus")
    with pytest.raises(OperationFailure, match="Authentication failed"):
        doubles.client("rs1-1", password="wrong").admin.command("replSetGetStatus")


def test_a_handed_over_primary_fails_and_loses_nothing(doubles):
    with Load(doubles.client(*ROUTERS).shop.handed) as load:
        for _ in range(2):
            old = doubles.primary(RS1)
            doubles.client(old).admin.command("replSetStepDown", 5, secondaryCatchUpPeriodSecs=5)
            assert doubles.primary(RS1) != old
            time.sleep(0.2)         # some writes under the new one
    assert load.errors == []
    assert load.lost() == set()


def test_a_router_that_stops_fails_nothing(doubles):
    with Load(doubles.client(*ROUTERS).shop.routed) as load:
        for one in ROUTERS:
            doubles.stop(one)
            seen = len(load.written)
            until(lambda seen=seen: len(load.written) > seen + 5)
            doubles.start(one, "6.0.19")
    assert load.errors == []
    assert load.lost() == set()


def test_balancer_rests_and_goes_on_for_all_routers(doubles):
    first, second = (doubles.client(one).admin for one in ROUTERS)
    assert first.command("balancerStatus")["mode"] == "full"
    first.command("balancerStop")
    now = second.command("balancerStatus")
    assert (now["mode"], now["inBalancerRound"]) == ("off", False)
    second.command("balancerStart")
    assert first.command("balancerStatus")["mode"] == "full"


def test_routers_list_shards_and_sets(doubles):
    admin = doubles.client("mongos-1").admin
    assert [one["_id"] for one in admin.command("listShards")["shards"]] == ["rs1", "rs2"]
    assert set(admin.command("getShardMap")["map"]) == {"config", "rs1", "rs2"}


def test_a_retried_write_is_done_once_also_by_the_next_primary(alone):
    write = {"insert": "twice", "$db": "shop", "documents": [{"_id": "a"}], "txnNumber": 7,
             "lsid": {"id": b"0123456789abcdef"}}
    old = alone.primary(RS1)
    answers = [alone.command(old, write), alone.command(old, write)]
    alone.client(old).admin.command("replSetStepDown", 5, secondaryCatchUpPeriodSecs=5)
    answers.append(alone.command(alone.primary(RS1), write))
    assert [(one["n"], "writeErrors" in one) for one in answers] == [(1, False)] * 3


def test_what_is_pushed_again_is_there_once_and_pushed_anew_twice(alone):
    push = {"update": "pushed", "$db": "shop", "txnNumber": 8, "lsid": {"id": b"0123456789abcdef"},
            "updates": [{"q": {"_id": "a"}, "u": {"$push": {"items": 1}}, "upsert": True}]}
    old = alone.primary(RS1)
    for command in (push, push, push | {"txnNumber": 9}):
        alone.command(old, command)
    found = alone.command(old, {"find": "pushed", "$db": "shop"})["cursor"]["firstBatch"]
    assert found == [{"_id": "a", "items": [1, 1]}]


def test_what_one_member_has_is_not_acknowledged(alone):
    old = alone.primary(RS1)
    for one in RS1:
        if one != old:
            alone.kill(one)
    refused = alone.command(old, {
        "insert": "alone", "$db": "shop", "documents": [{"_id": "a"}],
        "writeConcern": {"w": "majority", "wtimeout": 300}})
    assert refused["codeName"] in ("WriteConcernFailed", "PrimarySteppedDown")


def test_a_killed_primary_loses_nothing_that_a_majority_acknowledged(alone):
    hosts = alone.client(*RS1, replicaSet="rs1", directConnection=False)
    with Load(hosts.shop.killed) as load:
        old = alone.primary(RS1)
        alone.kill(old)
        seen = len(load.written)
        until(lambda: len(load.written) > seen + 5)
        alone.start(old, "6.0.19")
    assert load.errors == []
    assert load.lost() == set()
    until(lambda: sorted(alone.states(RS1)) == ["PRIMARY", "SECONDARY", "SECONDARY"])


def test_all_data_are_on_disk(alone):
    hosts = alone.client(*RS1, replicaSet="rs1", directConnection=False)
    hosts.shop.kept.insert_many([{"_id": n} for n in range(20)])
    for one in RS1:
        alone.kill(one)
    for one in RS1:
        alone.start(one, "6.0.19")
    assert len(list(hosts.shop.kept.find({}))) == 20


def test_what_only_a_lone_primary_has_is_rolled_back(alone):
    old = alone.primary(RS1)
    others = [one for one in RS1 if one != old]
    hosts = alone.client(*RS1, replicaSet="rs1", directConnection=False)
    hosts.shop.rolled.insert_one({"_id": "by all"})
    for one in others:
        alone.kill(one)
    lone = alone.client(old, w=1).shop.rolled
    lone.insert_one({"_id": "by one"})
    alone.kill(old)
    for one in others:
        alone.start(one, "6.0.19")
    alone.primary(others)
    alone.start(old, "6.0.19")
    until(lambda: alone.states(others).count("SECONDARY") == 2)
    stored = alone.server(old).storage
    until(lambda: list(stored.collection("shop.rolled")) == ["by all"])


def test_step_down_without_a_caught_up_secondary_is_refused(alone):
    old = alone.primary(RS1)
    for one in RS1:
        if one != old:
            alone.kill(one)
    until(lambda: alone.server(old).replica_set.seen == {})
    with pytest.raises(OperationFailure, match="No electable secondaries"):
        alone.client(old).admin.command("replSetStepDown", 5, secondaryCatchUpPeriodSecs=0.3)


def test_a_minority_elects_nobody(alone):
    old = alone.primary(RS1)
    left = next(one for one in RS1 if one != old)
    for one in RS1:
        if one != left:
            alone.kill(one)
    time.sleep(2.5)         # three times the election timeout
    assert not alone.command(left, {"hello": 1})["isWritablePrimary"]


def test_feature_version_waits_for_the_last_old_member_and_then_binds_the_data(alone):
    for one in RS1[:2]:
        alone.stop(one)
        alone.start(one, "7.0.15")
    alone.stop(RS1[2])
    alone.start(RS1[2], "6.0.19")
    raise_it = {"setFeatureCompatibilityVersion": "7.0", "confirm": True}
    until(lambda: alone.primary(RS1) and alone.states(RS1).count("SECONDARY") == 2)
    if alone.primary(RS1) == RS1[2]:
        alone.client(RS1[2]).admin.command("replSetStepDown", 30, secondaryCatchUpPeriodSecs=5)
    admin = alone.client(alone.primary(RS1)).admin
    with pytest.raises(OperationFailure, match="not all members can follow"):
        admin.command(raise_it)
    alone.stop(RS1[2])
    alone.start(RS1[2], "7.0.15")
    until(lambda: sorted(alone.states(RS1)) == ["PRIMARY", "SECONDARY", "SECONDARY"])
    admin = alone.client(alone.primary(RS1)).admin
    with pytest.raises(OperationFailure, match="confirm"):
        admin.command({"setFeatureCompatibilityVersion": "7.0"})
    leader = alone.server(alone.primary(RS1)).replica_set
    until(lambda: [one["release"] for one in leader.seen.values()] == ["7.0.15"] * 2)
    admin.command(raise_it)
    alone.stop(RS1[0])
    with pytest.raises(BadData, match="UPGRADE PROBLEM"):
        alone.start(RS1[0], "6.0.19")


def test_a_major_release_can_not_be_skipped(alone):
    alone.stop(RS1[0])
    with pytest.raises(BadData, match="starts on 7.0 or 8.0"):
        alone.start(RS1[0], "8.0.4")
