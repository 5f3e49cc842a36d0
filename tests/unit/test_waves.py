import dataclasses

import pytest
from trove_upgrade.planning.waves import Progress, check_lock, next_step, taken_elsewhere
from trove_upgrade.schemas import UpgradeError

from tests.unit.conftest import options, plan_of


def step(cluster, progress, asked=None, todo=None, **given):
    facts = cluster.driver.read(cluster.members)
    todo = list(cluster.nodes) if todo is None else todo
    return next_step(cluster.driver, facts, todo, options(**given), progress, asked)


def test_nobody_left_is_done(cluster):
    assert step(cluster, Progress(waves=6), todo=[]) == ("done", [])


def test_the_canary_is_baked_once_before_the_others_follow(cluster):
    assert step(cluster, Progress(waves=1), bake_sec=5)[0] == "bake"
    assert step(cluster, Progress(waves=1, baked=True), bake_sec=5)[0] == "upgrade"
    assert step(cluster, Progress(waves=1), bake_sec=0)[0] == "upgrade"


@pytest.mark.parametrize(("planned", "asked", "waves", "paused_at", "expected"), [
    ("none", None, 1, -1, "upgrade"), ("first", None, 1, -1, "hold"),
    ("first", None, 1, 1, "upgrade"), ("first", None, 2, 1, "upgrade"),
    ("all", None, 0, -1, "upgrade"), ("all", None, 2, 1, "hold"),
    ("none", "all", 0, -1, "hold"), ("none", "all", 3, 3, "upgrade"),
    ("all", "none", 2, 1, "upgrade"), ("none", "first", 1, -1, "hold")])
def test_a_pause_holds_once_between_waves(cluster, planned, asked, waves, paused_at, expected):
    progress = Progress(waves=waves, paused_at=paused_at, baked=True)
    assert step(cluster, progress, asked, pause_after=planned)[0] == expected


@pytest.mark.parametrize(("asked", "paused_at", "expected"), [
    ("all", 5, "hold"), ("all", 6, "done"), ("first", -1, "done"), (None, -1, "done")])
def test_a_pause_asked_for_in_the_last_wave_holds_after_it(cluster, asked, paused_at, expected):
    progress = Progress(waves=6, paused_at=paused_at, baked=True)
    assert step(cluster, progress, asked, todo=[], pause_after="all") == (expected, [])


def test_roles_are_looked_at_anew_before_each_wave(cluster):
    cluster.fail_over("m0003")
    upgrade, wave = step(cluster, Progress(waves=1, baked=True), todo=["m0003", "m0000"])
    assert (upgrade, wave) == ("upgrade", ["m0000"])


@pytest.mark.parametrize(("control", "code"), [
    (None, "lock_lost"), ({"owner": "other"}, "lock_lost"),
    ({"owner": "me", "abort": True}, "aborted")])
def test_a_lost_lock_and_an_abort_stop_the_roll(control, code):
    with pytest.raises(UpgradeError) as stopped:
        check_lock(control, "me")
    assert stopped.value.code == code
    assert stopped.value.klass == ("stop" if code == "lock_lost" else "rollback")
    check_lock({"owner": "me", "abort": False}, "me")


def test_an_abort_does_not_stop_what_puts_members_back_but_a_lost_lock_does():
    assert check_lock({"owner": "me", "abort": True}, "me", heed_abort=False)
    with pytest.raises(UpgradeError):
        check_lock({"owner": "other"}, "me", heed_abort=False)


@pytest.mark.parametrize(("status", "todo", "skipped", "broken", "closed"), [
    ("UPGRADE", True, "", False, True), ("ACTIVE", True, "", False, False),
    ("UPGRADE", False, "", False, False),       # this run's own, which Trove has not seen well yet
    ("UPGRADE", True, "members_active", False, False), ("UPGRADE", True, "", True, False)])
def test_a_member_that_trove_upgrades_and_this_run_does_not_closes_the_gate(
        cluster, status, todo, skipped, broken, closed):
    if broken:
        cluster.nodes["m0003"].up = False
    plan = plan_of(cluster, skip_checks=skipped)
    members = [dataclasses.replace(one, status=status if one.id == "m0003" else "ACTIVE")
               for one in cluster.members]
    found = taken_elsewhere(plan, ["m0003", "m0000"] if todo else ["m0000"], members)
    assert bool(found) is closed
    if closed:
        assert found[0].startswith("Another upgrade seems to be under way: by Trove member-3")
