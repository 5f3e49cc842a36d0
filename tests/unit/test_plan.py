import time

import pytest
from trove_upgrade.datastores.generic import GenericDriver
from trove_upgrade.planning import verdict
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.schemas import complaints

from tests.unit.conftest import options, plan_of, snapshot
from tests.unit.datastores.redis.model import Cluster


def roles(plan, wave):
    return [next(one["role"] for one in plan["members"] if one["id"] == member) for member in wave]


def failing(plan):
    return {check["name"] for check in plan["checks"] if not check["ok"] and not check["skipped"]}


def test_replicas_go_before_primaries_and_one_at_a_time(cluster):
    plan = plan_of(cluster)
    assert complaints("plan", plan) == []
    assert plan["ready"]
    assert [len(wave) for wave in plan["waves"]] == [1] * 6
    assert [roles(plan, wave)[0] for wave in plan["waves"]] == ["replica"] * 3 + ["primary"] * 3


def test_with_domains_a_wave_has_one_member_of_each_shard_after_the_canary():
    plan = plan_of(Cluster(4, 2), parallelism="domain")
    assert [len(wave) for wave in plan["waves"]] == [1, 4, 3, 4]
    domains = {one["id"]: one["domain"] for one in plan["members"]}
    for wave in plan["waves"]:
        assert len({domains[one] for one in wave}) == len(wave)


def test_max_unavailable_bounds_every_wave():
    plan = plan_of(Cluster(5, 1), parallelism="domain", max_unavailable=2, canary=False)
    assert [len(wave) for wave in plan["waves"]] == [2, 2, 1, 2, 2, 1]


def test_the_same_facts_give_the_same_plan():
    assert plan_of(Cluster(7, 2)) == plan_of(Cluster(7, 2))


def test_a_broken_member_goes_first(cluster):
    cluster.nodes["m0005"].up = False
    assert plan_of(cluster)["waves"][0] == ["m0005"]


def test_members_on_the_target_are_not_touched_again(cluster):
    for one in ("m0003", "m0004"):
        cluster.nodes[one].version = cluster.trove[one] = "9.1.2"
    plan = plan_of(cluster)
    assert [one for wave in plan["waves"] for one in wave] == [
        "m0005", "m0000", "m0001", "m0002"]
    assert [one["id"] for one in plan["members"] if one["done"]] == ["m0003", "m0004"]


def test_a_member_that_trove_records_on_the_target_but_runs_the_old_version_is_not_done(cluster):
    cluster.trove["m0003"] = "9.1.2"
    plan = plan_of(cluster)
    assert "m0003" in [one for wave in plan["waves"] for one in wave]
    origin = next(one["origin"] for one in plan["members"] if one["id"] == "m0003")
    assert origin["number"] == "8.1.8"


def test_nothing_to_do_when_all_are_there(cluster):
    for one in cluster.nodes.values():
        one.version = cluster.trove[one.id] = "9.1.2"
    plan = plan_of(cluster)
    assert plan["direction"] == "none"
    assert plan["waves"] == []


@pytest.mark.parametrize(("damage", "check"), [
    (lambda c: setattr(c.nodes["m0003"], "up", False), "native_access"),
    (lambda c: setattr(c.nodes["m0003"], "synced", False), "replicas_ready"),
    (lambda c: setattr(c.nodes["m0004"], "offset", -10_000_000), "members_healthy"),
    (lambda c: c.nodes["m0000"].settings.update(save=""), "persistence_on"),
    (lambda c: c.nodes.pop("m0005") and c.trove.pop("m0005"), "replicas_ready"),
])
def test_a_degraded_cluster_is_refused_by_the_check_that_names_it(cluster, damage, check):
    damage(cluster)
    plan = plan_of(cluster)
    assert not plan["ready"]
    assert check in failing(plan)
    assert f"[{check}]" in verdict.complaints(plan)


def test_a_downgrade_is_refused_and_can_be_chosen_by_name_while_the_rollback_path_is_open(cluster):
    for one in cluster.nodes.values():
        one.version = cluster.trove[one.id] = "9.1.2"
        one.settings["save"] = ""
    saved = dict.fromkeys(cluster.nodes, {})
    assert "not_a_downgrade" in failing(plan_of(cluster, "8.1.8"))
    back = plan_of(cluster, "8.1.8", skip_checks="not_a_downgrade",
                   snapshot_of=lambda *given: snapshot(*given, saved_settings=saved))
    assert back["ready"]
    assert back["direction"] == "back"
    cluster.nodes["m0000"].saves = 1
    assert "rollback_path_open" in failing(plan_of(cluster, "8.1.8", skip_checks="not_a_downgrade"))


def test_a_busy_or_locked_cluster_is_refused(cluster):
    busy = plan_of(cluster, snapshot_of=lambda *given: snapshot(*given, task="GROWING_CLUSTER"))
    assert failing(busy) == {"cluster_idle"}
    locked = plan_of(cluster, snapshot_of=lambda *given: snapshot(*given, lock_owner="exec-7"))
    assert failing(locked) == {"lock_free"}
    assert "exec-7" in verdict.complaints(locked)


def test_a_check_is_skipped_only_by_its_name(cluster):
    cluster.nodes["m0000"].settings["save"] = ""
    assert not plan_of(cluster, skip_checks="replicas_ready")["ready"]
    assert plan_of(cluster, skip_checks="persistence_on")["ready"]


def test_an_inactive_version_is_refused(cluster):
    now = snapshot(cluster)
    now.versions[:] = [one for one in now.versions if one["number"] != "9.1.2"]
    try:
        plan = plan_of(cluster, snapshot_of=lambda *given: now)
    finally:
        now.versions.append({"id": "id-9.1.2", "name": "9.1.2", "number": "9.1.2"})
    assert failing(plan) == {"version_active"}


@pytest.mark.parametrize(("task", "ours", "idle"), [
    ("NONE", False, True), ("UPGRADING_CLUSTER", False, False), ("UPGRADING_CLUSTER", True, True),
    ("GROWING_CLUSTER", True, False)])
def test_only_a_task_that_was_taken_for_this_run_does_not_keep_it_off(cluster, task, ours, idle):
    def snapshot_of(*given):
        return snapshot(*given, task=task, task_is_ours=ours)
    assert ("cluster_idle" not in failing(plan_of(cluster, snapshot_of=snapshot_of))) is idle


@pytest.mark.parametrize(("reach", "words"), [
    ("trove", ""), ("mistral", "Trove itself is not held off"),
    ("project", "Other projects and Trove itself are not held off")])
def test_the_plan_says_whom_its_lock_does_not_hold_off(cluster, reach, words):
    def snapshot_of(*given):
        return snapshot(*given, lock_reach=reach)
    notes = " ".join(plan_of(cluster, snapshot_of=snapshot_of)["notes"])
    assert words in notes
    assert bool(words) == ("held off" in notes)


def test_the_plan_of_a_thousand_members_is_quick():
    big = Cluster(20, 49)
    now = snapshot(big)
    begin = time.perf_counter()
    plan = plan_of(big, snapshot_of=lambda *given: now, parallelism="domain")
    assert sum(map(len, plan["waves"])) == 1000
    assert time.perf_counter() - begin < 60   # a runaway guard; benchmarks/ measures


def test_a_driver_that_generic_takes_the_place_of_is_named(cluster):
    made = make_plan(snapshot(cluster), GenericDriver({}), options(driver="generic"), "owner-1")
    assert any("driver redis is for this datastore" in note for note in made["notes"])
    assert not any("was chosen by name" in note for note in plan_of(cluster)["notes"])
