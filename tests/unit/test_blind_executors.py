"""An executor that no member answers judges nothing and touches nothing, whatever the datastore:
the drivers are the real ones, and nobody listens where they ask."""
import socket
import warnings
from types import SimpleNamespace

import pytest
from trove_upgrade import datastores
from trove_upgrade.datastores.base import Facts, Member
from trove_upgrade.planning import evidence, verdict
from trove_upgrade.schemas import UpgradeError, complaints

from tests.unit.conftest import plan_of
from tests.unit.test_verdict import names
from tests.unit.trove_model import OWNER, Lock, Record

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import completion, lock, member, rebuild, switchover, wave
    from trove_upgrade.services import access_files

OLD, NEW = ({"id": f"id-{number}", "name": number, "number": number} for number in ("1.0", "2.0"))
MEMBERS = [Member(f"m{number}", f"shop-{number}", "127.0.0.1", "ACTIVE", "1.0",
                  "m0" if number else "") for number in range(3)]
FAILED = {"code": "member_failed", "class": "rollback", "instance": "m1", "message": "It broke."}
DRIVERS = sorted(set(datastores.EXTRAS))
PROGRESS = {"waves": 1, "paused_at": -1, "baked": True}
STEPS = [(wave.ChooseWave, {"progress": PROGRESS}),
         (wave.ChooseUndo, {"failure": FAILED, "waves": 0}),
         (wave.WatchHealth, {"until": 0.0}), (wave.RestoreRoles, {}), (completion.Verify, {}),
         *((one, {"member": "m1"}) for one in (
             switchover.Switchover, member.RequestUpgrade, member.RequestRollback,
             member.AwaitEvidence, rebuild.RebuildMember))]


@pytest.fixture
def access(monkeypatch):
    """A port on which nobody listens, and the time that nobody waits."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setattr(access_files, "settings",
                            lambda *which: {"port": taken.getsockname()[1]})
        yield


def trove():
    """Trove, which must not be asked to change anything."""
    return SimpleNamespace(
        group=lambda job: {"id": "c1", "members": MEMBERS, "source": "m0", "task": "NONE"},
        members=list, recorded=list, member=lambda one: MEMBERS[int(one[1:])],
        unchanged=lambda one: True, verify_credentials=lambda: None)


def record(driver):
    """A run in the middle of its roll; m1 is the wave in hand and answered when it was chosen."""
    plan = {"to_version": NEW, "direction": "forward",
            "members": [{"id": one.id, "name": one.name, "address": one.address, "kind": "",
                         "role": "primary" if one.id == "m0" else "replica", "healthy": True,
                         "done": False, "origin": OLD} for one in MEMBERS],
            "options": {"on_failure": "rollback", "parallelism": "one", "max_unavailable": 0,
                        "canary": True, "bake_sec": 0, "pause_after": "none",
                        "restore_roles": True},
            "job": {"owner": OWNER, "cluster_id": "c1", "project_id": "p", "driver": driver,
                    "access": "default", "kind": "cluster", "members": [], "target": NEW,
                    "gate_passes": 1, "poll_sec": 0.1, "try_sec": 0, "bake_sec": 0,
                    "keep_rollback_path": True}}
    chosen = {"id": "m1", "name": "shop-1", "address": "127.0.0.1", "kind": "", "role": "replica",
              "domain": "", "version": "1.0", "identity": "a", "origin": OLD, "recorded": "1.0",
              "holds": {}, "server_id": ""}
    return Record(plan, {"members": {"m1": chosen}, "unavailable": ["m1"], "back": False,
                         "anew": False, "number": 0, "done": [],
                         "peers": [{"id": one.id, "name": one.name, "address": one.address,
                                    "kind": ""} for one in MEMBERS]})


@pytest.mark.parametrize(("action", "given"), STEPS, ids=lambda one: getattr(one, "__name__", ""))
@pytest.mark.parametrize("driver", DRIVERS)
def test_no_step_judges_or_touches_what_nobody_answers(driver, action, given, access):
    made = action(OWNER, **given)
    made.remember(record(driver))
    with pytest.raises(UpgradeError) as raised:
        made.step(trove(), Lock())
    assert (raised.value.code, raised.value.klass) == ("executor_blind", "retry")


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_cluster_gets_no_version_by_who_sees_nobody(driver, access, monkeypatch):
    monkeypatch.setattr(lock, "Trove", lambda actor, only: trove())
    with pytest.raises(UpgradeError, match="No member of the cluster answers this executor"):
        lock._reached(None, record(driver).plan()["job"])


@pytest.mark.parametrize("driver", [one for one in DRIVERS if one.endswith("_replication")])
def test_no_fence_counts_as_taken_down_by_who_sees_nobody(driver, access):
    made = wave.ResumeBackground(OWNER)
    made.remember(record(driver))
    with pytest.raises(UpgradeError, match="No member of the cluster answers this executor"):
        made.step(trove(), Lock())


def facts(**answering):
    return {one: Facts(one, one, answers=yes, problems=() if yes else (f"{one}: silence",))
            for one, yes in answering.items()}


@pytest.mark.parametrize(("told", "unavailable", "blind"), [
    ({"a": False, "b": False}, (), True), ({"a": False, "b": False}, ("a",), True),
    ({"a": False, "b": True}, ("b",), False), ({"a": True, "b": False}, (), False),
    # Who has made all of them unavailable learns nothing from their silence.
    ({"a": False, "b": False}, ("a", "b"), False), ({}, (), False)])
def test_who_counts_as_blind(told, unavailable, blind):
    assert evidence.is_blind(facts(**told), unavailable) is blind


def test_a_member_that_fell_silent_is_not_switched_over():
    chosen = {"id": "a", "version": "1.0"}
    with pytest.raises(UpgradeError) as raised:
        evidence.check_seen(facts(a=False, b=True), chosen)
    assert (raised.value.code, raised.value.klass) == ("member_silent", "retry")
    evidence.check_seen(facts(a=False, b=True), {"id": "a", "version": ""})     # chosen as broken
    evidence.check_seen(facts(a=True, b=False), chosen)


def test_a_report_calls_nobody_failed_whom_nobody_could_ask(cluster):
    plan = plan_of(cluster)
    cluster.trove["m0004"] = "9.1.2"
    for node in cluster.nodes.values():
        node.up = False
    members = [one if one.id != "m0005" else Member(one.id, one.name, one.address, "ERROR", "9.1.2")
               for one in cluster.members]
    found = verdict.verdict(cluster.driver, plan, members, cluster.driver.read(members), None, [],
                            [])
    assert complaints("result", found) == []
    assert names(found["failed"]) == ["member-5"]       # by Trove's own word
    assert len(found["unknown"]) == 5
    assert found["status"] == "failed"
    assert "member-4 (by Trove ACTIVE on 9.1.2; Trove was asked to upgrade it)" in found["notes"][0]
    assert "member-3 (by Trove ACTIVE on 8.1.8; Trove was not asked)" in found["notes"][0]
    assert "native_access" not in found["resume"]


def test_a_plan_that_saw_nobody_calls_nobody_failed(cluster):
    for node in cluster.nodes.values():
        node.up = False
    found = verdict.as_planned(plan_of(cluster), FAILED)
    assert (found["failed"], len(found["unknown"])) == ([], 6)
