"""Each fault does what its name says, to the member it names, and can be taken back."""
import time
import warnings

import pytest
import requests
from keystoneauth1.exceptions import ConnectFailure, Unauthorized
from trove_upgrade.lab.faults import Counter, Faults, read
from trove_upgrade.lab.kinds.redis import native

from tests.waits import PATIENCE_SEC, until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself
    from troveclient import exceptions


XDIST_GROUP = "quiet lab"
pytestmark = pytest.mark.lab_double
def status(lab, member):
    return lab.client().instances.get(member.id).status


def journal_of(lab, member, since):
    return [event for event in lab.journal() if event["instance"] == member.id
            and event["t"] >= since]


BROKEN = ("pre_upgrade_raises", "does_not_start", "hangs", "never_starts")
BELIEVED = ("wrong_version", "slow_swap", "early_heartbeat")


# All at once on a cluster of their own, because Trove's polls take their time
@pytest.fixture(scope="module")
def struck(quiet_lab):
    """(facts as soon as Trove believes the early heartbeat, facts at the end).

    Facts: fault -> {status, trove (its version), server (its version), journal, output}.
    """
    lab, begun = quiet_lab, time.time()
    wide = lab.create_cluster("wide", shards=1, replicas=6)
    members = dict(zip(BROKEN + BELIEVED, lab.members(wide), strict=True))
    for fault, member in members.items():
        lab.faults.member(fault, member.name, version="9.1.2", seconds=4)
        lab.upgrade_member(member.id, "9.1.2")
    early = members["early_heartbeat"]
    until(lambda: status(lab, early) == "ACTIVE", "ACTIVE")
    first = facts(lab, wide, members, begun)
    until(lambda: [status(lab, members[fault]) for fault in ("does_not_start", *BELIEVED)]
          == ["ERROR", "ACTIVE", "ACTIVE", "ACTIVE"], "Trove's polls")
    time.sleep(lab.settings.heartbeat_sec * 1.2)      # a heartbeat must not hide a failure
    last = facts(lab, wide, members, begun)
    lab.faults.clear()
    for member in members.values():                   # an operator's rollback path
        lab.upgrade_member(member.id, "8.1.8")
    until(lambda: lab.is_whole(wide) and {m.version for m in lab.members(wide)} == {"8.1.8"},
          "the rollback path")
    return first, last


def facts(lab, cluster, members, begun):
    now = {member.id: member.version for member in lab.members(cluster)}
    shown = {fault: lab.client().instances.get(m.id) for fault, m in members.items()}
    return {fault: {"status": shown[fault].status, "server": now[member.id],
                    "trove": shown[fault].datastore["version"],
                    "journal": [e for e in journal_of(lab, member, begun)
                                if e["event"] != "prepared"],
                    "output": (lab.directory / "data" / member.id / "server.out").read_text()}
            for fault, member in members.items()}


def test_pre_upgrade_raises_and_the_server_is_not_touched(struck):
    seen = struck[1]["pre_upgrade_raises"]
    assert (seen["status"], seen["server"]) == ("ERROR", "8.1.8")
    assert [event["event"] for event in seen["journal"]] == ["failed"]


def test_does_not_start_is_a_real_process_that_exits(struck):
    seen = struck[1]["does_not_start"]
    assert (seen["status"], seen["server"]) == ("ERROR", "")
    assert seen["journal"][-1]["reason"].startswith("exit code 1: ")
    assert "this-option-does-not-exist" in seen["journal"][-1]["reason"]
    assert "this-option-does-not-exist" in seen["output"]


@pytest.mark.parametrize("fault", ["hangs", "never_starts"])
def test_never_healthy_keeps_trove_waiting(struck, fault):
    assert (struck[1][fault]["status"], struck[1][fault]["server"]) == ("UPGRADE", "")
    assert struck[1][fault]["journal"][-1]["event"] == "failed"


def test_wrong_version_is_reported_as_a_success(struck):
    seen = struck[1]["wrong_version"]
    assert (seen["status"], seen["trove"], seen["server"]) == ("ACTIVE", "9.1.2", "8.1.8")


def test_early_heartbeat_makes_trove_say_active_before_the_work(struck):
    first, last = struck[0]["early_heartbeat"], struck[1]["early_heartbeat"]
    assert (first["status"], first["server"]) == ("ACTIVE", "")
    assert (last["status"], last["server"]) == ("ACTIVE", "9.1.2")


def test_slow_swap_only_takes_longer(struck):
    first, last = struck[0]["slow_swap"], struck[1]["slow_swap"]
    assert (first["status"], first["server"]) == ("UPGRADE", "")
    assert (last["status"], last["server"]) == ("ACTIVE", "9.1.2")


# Which occasions a rule strikes
def strikes(rule, keys):
    counter = Counter()
    rule = {"id": "x", "nth": 1, "count": None, **rule}
    return [counter.strikes(rule, key) for key in keys]


def test_the_third_member_and_no_other_for_good():
    hit = strikes({"nth": 3, "sticky": True}, ["a", "b", "c", "d", "c", "a", "c"])
    assert hit == [False, False, True, False, True, False, True]


def test_nth_and_count():
    assert strikes({"nth": 2, "count": 2}, "abcde") == [False, True, True, False, False]
    assert strikes({}, "abc") == [True] * 3


def test_faults_can_be_taken_back_one_by_one(tmp_path):
    faults = Faults(tmp_path)
    first = faults.member("hangs")
    second = faults.api("delay", seconds=1)
    faults.clear(first)
    assert [rule["id"] for rule in read(faults.path)["api"]] == [second]
    assert read(faults.path)["members"] == []
    faults.clear()
    assert read(faults.path) == {"members": [], "api": []}


def test_unknown_faults_are_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="does_not_start"):
        Faults(tmp_path).member("explodes")
    with pytest.raises(ValueError, match="drop_reply"):
        Faults(tmp_path).api("explodes")


# The API's faults
@pytest.fixture
def replica(lab, shop):
    return lab.members(shop)[3]


@pytest.mark.parametrize("code", [401, 429, 500, 503])
def test_status_before_any_effect(lab, replica, code):
    begun = time.time()
    lab.faults.api("status", "PATCH", f"/instances/{replica.id}$", status=code)
    with pytest.raises((exceptions.ClientException, Unauthorized)) as raised:
        lab.upgrade_member(replica.id, "9.1.2")
    assert f"(HTTP {code})" in str(raised.value)
    assert journal_of(lab, replica, begun) == []


def test_reply_lost_after_the_effect(lab, shop):
    """Twice, on two members: an answer that blames a gateway, and none at all."""
    members = lab.members(shop)
    for fault, member in (("drop_reply", members[3]), ("close", members[4])):
        lab.faults.api(fault, "PATCH", f"/instances/{member.id}$")
        with pytest.raises((exceptions.ClientException, ConnectFailure)):
            lab.upgrade_member(member.id, "9.1.2")
    until(lambda: [m.version for m in lab.members(shop)[3:5]] == ["9.1.2"] * 2, "effect")


def test_delay_and_count_of_calls(lab, replica):
    told = len(lab.api_calls(own=True))
    lab.faults.api("delay", "GET", "/instances/", seconds=0.5, nth=2)
    durations = []
    for _ in range(3):
        begun = time.time()
        status(lab, replica)
        durations.append(time.time() - begun)
    assert durations[1] > 0.5
    calls = lab.api_calls(own=True)[told:]
    assert [(c["method"], c["status"], c["fault"]) for c in calls] == [
        ("GET", 200, ""), ("GET", 200, "delay"), ("GET", 200, "")]
    assert calls[0]["path"] == f"/v1.0/demo/instances/{replica.id}"
    assert replica.id not in str(lab.api_calls())       # these were the lab's own


def test_calls_of_others_are_counted(lab):
    url = f"{lab.url}/demo/clusters"
    assert requests.get(url, headers={"X-Auth-Token": "demo"}, timeout=PATIENCE_SEC).ok
    assert lab.api_calls()[-1]["path"] == "/v1.0/demo/clusters"


def test_native_silence_is_an_empty_fact(lab):
    row = {"id": "x", "name": "nobody", "address": f"{lab.settings.network}.99"}
    member = native.members([row], lab.settings)[0]
    assert (member.version, member.role, member.cluster_ok) == ("", "", False)
