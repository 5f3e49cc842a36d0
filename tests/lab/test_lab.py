"""The lab gives what it says: a real Trove, real servers, in a stock client's reach."""
import itertools
import json
import os
import stat
import time
from pathlib import Path

import pytest
import redis
import yaml
from openstack.config import OpenStackConfig
from trove_upgrade.lab.kinds.redis import native
from trove_upgrade.lab.lab import Lab, LabError
from trove_upgrade.lab.process import wait_for
from trove_upgrade.lab.settings import Settings

from tests.waits import until

XDIST_GROUP = "quiet lab"
pytestmark = pytest.mark.lab_double
def test_a_new_cluster_is_three_primaries_and_their_replicas(lab, shop):
    members = lab.members(shop)
    assert [(m.name, m.role, m.shard) for m in members] == [
        ("shop-member-1", "primary", "shard-1"), ("shop-member-2", "primary", "shard-2"),
        ("shop-member-3", "primary", "shard-3"), ("shop-member-4", "replica", "shard-1"),
        ("shop-member-5", "replica", "shard-2"), ("shop-member-6", "replica", "shard-3")]
    assert all(m.version == "8.1.8" and m.in_sync and m.cluster_ok for m in members)
    assert len({m.address for m in members}) == 6
    assert {m.address.rsplit(".", 1)[0] for m in members} == {lab.settings.network}


def test_trove_shows_the_members_real_addresses(lab, shop):
    member = lab.members(shop)[0]
    instance = lab.client().instances.get(member.id)
    assert (instance.status, instance.operating_status) == ("ACTIVE", "HEALTHY")
    with native.connect(instance.ip[0], lab.settings) as server:
        assert server.ping()


def test_stock_clients_reach_it_by_the_environment(lab, shop, monkeypatch):
    for name, value in lab.env().items():
        monkeypatch.setenv(name, value)
    session = OpenStackConfig().get_one(load_envvars=True).get_session()
    answer = session.get(f"{lab.env()['OS_ENDPOINT']}/clusters")
    assert "shop" in [cluster["name"] for cluster in answer.json()["clusters"]]


def test_one_listing_of_trove_s_tells_whether_a_cluster_is_settled(lab, shop):
    before = len(lab.api_calls(own=True))
    lab.is_settled(shop)
    assert [call["path"].rsplit("/", 2)[-2:] for call in lab.api_calls(own=True)[before:]] == [
        ["clusters", shop.id]]


def test_trove_keeps_its_connections_to_the_database(lab, shop):
    """Opened anew for each question they cost half of its time."""
    process = json.loads((lab.directory / "trove.json").read_text())["pid"]
    found = [os.path.realpath(each) for each in Path(f"/proc/{process}/fd").iterdir()]
    assert str(lab.directory / "trove.sqlite") in found


def test_waiting_spends_half_of_its_time_asking_at_most():
    asked = []

    def slow():
        asked.append(time.monotonic())
        time.sleep(0.05)
        return len(asked) == 4

    wait_for(slow, 20, "the fourth answer", every=0)
    assert all(after - before >= 0.1 for before, after in itertools.pairwise(asked))


def test_versions_to_refuse_are_there(lab):
    assert lab.version_id("9.1.2") != lab.version_id("8.1.8")
    admin = lab.client("admin").mgmt_ds_versions
    assert admin.get(lab.version_id("9.0.0")).active is False
    assert admin.get(lab.version_id("10.11.18", "mariadb")).datastore_manager == "mariadb"
    with pytest.raises(LabError, match="no redis 7"):
        lab.version_id("7")


def test_access_file_has_the_port_and_a_secret_only_by_reference(tmp_path):
    with Lab(tmp_path, password="not-in-any-file-of-others") as lab:
        access = yaml.safe_load((lab.access_dir / "default.yaml").read_text())["redis"]
        assert access["port"] == lab.settings.port
        secret = lab.access_dir / "password"
        assert access["password_file"] == str(secret)
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        cluster = lab.create_cluster("safe", shards=1, replicas=0)
        address = lab.members(cluster)[0].address
        with redis.Redis(address, lab.settings.port) as stranger, \
                pytest.raises(redis.AuthenticationError):
            stranger.ping()
    assert (tmp_path / "journal.jsonl").exists()      # a directory given by name is kept


def test_nothing_is_printed_by_trove(lab):
    assert (lab.directory / "trove.out").read_text() == ""


def test_upgrade_through_trove_swaps_the_server_in_its_place(lab, shop, happened):
    members = lab.members(shop)
    replica = members[3]
    begun = time.time()
    lab.upgrade_member(replica.id, "9.1.2")
    until(lambda: "healthy" in happened(lab, replica, begun), "the new server")
    assert lab.members(shop)[3].version == "9.1.2"
    assert lab.members(shop)[3].shard == "shard-1"          # it kept its place
    assert {m.version for m in lab.members(shop) if m.id != replica.id} == {"8.1.8"}
    events = [e for e in lab.journal() if e["t"] >= begun]
    assert {e["name"] for e in events} == {replica.name}
    assert [e["event"] for e in events] == ["stopping", "stopped", "starting", "serving",
                                            "healthy"]
    assert [e["version"] for e in events] == ["8.1.8"] * 3 + ["9.1.2"] * 2
    times = {e["event"]: e["t"] for e in events}
    assert times["starting"] - times["stopped"] >= lab.settings.swap_sec
    assert lab.client().instances.get(replica.id).datastore["version"] == "9.1.2"


def test_restart_keeps_the_version(lab, shop, happened):
    replica, begun = lab.members(shop)[4], time.time()
    lab.restart_member(replica.id)
    until(lambda: "healthy" in happened(lab, replica, begun), "the restart")
    assert happened(lab, replica, begun)[:2] == ["stopping", "stopped"]
    assert lab.members(shop)[4].version == "8.1.8"


def test_trove_hears_when_a_server_dies_by_itself(lab, shop):
    replica = lab.members(shop)[5]
    with native.connect(replica.address, lab.settings) as server:
        server.shutdown(nosave=True)
    status = lab.client().instances
    until(lambda: status.get(replica.id).operating_status == "SHUTDOWN", "the heartbeat")
    lab.upgrade_member(replica.id, "8.1.8")                  # brings it back
    until(lambda: lab.is_whole(shop), "a whole cluster")


@pytest.fixture(scope="module")
def pair():
    """(lab, cluster): one primary and its replica, with dumps as Valkey has them."""
    with Lab(swap_sec=0) as lab:
        yield lab, lab.create_cluster("pair", shards=1, replicas=1)


def test_a_replica_can_be_taken_out_and_its_server_goes_with_it(pair):
    lab, cluster = pair
    replica = lab.members(cluster)[1]
    lab.remove_member(cluster, replica.id)
    until(lambda: "deleted" in [e["event"] for e in lab.journal()], "the deletion")
    until(lambda: len(lab.members(cluster)) == 1, "one member")
    with native.connect(replica.address, lab.settings) as server, \
            pytest.raises(redis.ConnectionError):
        server.ping()


def test_an_upgrade_keeps_the_data_on_disk(pair):
    lab, cluster = pair
    member = lab.members(cluster)[0]
    with native.connect(member.address, lab.settings) as server:
        server.set("kept", "here")
    lab.upgrade_member(member.id, "9.1.2")
    until(lambda: lab.members(cluster)[0].version == "9.1.2" and lab.is_whole(cluster),
          "9.1.2")
    with native.connect(member.address, lab.settings) as server:
        assert server.get("kept") == "here"


def test_a_dump_of_the_new_server_closes_the_rollback_path_as_it_does_in_life(pair):
    lab, cluster = pair
    member = lab.members(cluster)[0]
    assert member.version == "9.1.2"                         # from the test before
    lab.upgrade_member(member.id, "8.1.8")
    until(lambda: "failed" in [e["event"] for e in lab.journal()], "the failure")
    assert "Can't handle RDB format version" in lab.journal()[-1]["reason"]


def test_unknown_persistence_is_refused():
    with pytest.raises(ValueError, match="'disk', not one of"):
        Settings(persistence="disk")


def test_trove_that_cannot_start_says_why(tmp_path):
    lab = Lab(tmp_path)
    (tmp_path / "trove.sqlite").mkdir(parents=True)          # no file can be made there
    with pytest.raises(LabError, match="unable to open database"), lab:
        pass


def test_other_datastores_are_what_trove_knows_of_them(quiet_lab):
    """No server runs behind them; clusters of theirs are for drivers that trust Trove."""
    client = quiet_lab.client()
    instances = [{"flavorRef": "1", "volume": {"size": 1}}] * 3
    made = client.clusters.create("books", "mariadb", "10.11.18", instances=instances)

    def statuses():
        return [each["status"] for each in client.clusters.get(made.id).instances]

    def is_built():      # Trove's last word to the guests comes after the first ACTIVE
        return client.clusters.get(made.id).task["name"] == "NONE"
    until(lambda: is_built() and statuses() == ["ACTIVE"] * 3, "the cluster")
    first, second, _ = [each["id"] for each in client.clusters.get(made.id).instances]
    newer = quiet_lab.version_id("10.11.19", "mariadb")
    quiet_lab.faults.member("does_not_start", second)
    client.instances.upgrade(first, newer)
    client.instances.upgrade(second, newer)
    until(lambda: sorted(statuses()) == ["ACTIVE", "ACTIVE", "ERROR"], "Trove's polls",
          every=0.2)
    quiet_lab.faults.clear()
    assert client.instances.get(first).datastore["version_number"] == "10.11.19"
    assert client.instances.get(second).status == "ERROR"
