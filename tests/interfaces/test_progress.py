"""From trees of executions to progress."""
import json

import pytest
from trove_upgrade.interfaces import outcome, progress

from tests.interfaces import trees
from tests.interfaces.trees import member, part, root, task, upgrading

NOW = progress.seconds(trees.at(20))


def build(tree):
    return progress.build(tree, NOW)


def states(look):
    return {one.id: one.state for one in look.members}


def test_upgrade_in_the_middle_of_a_wave():
    look = build(upgrading())
    assert (look.phase, look.state, look.cluster) == ("upgrading", "RUNNING", "shop")
    assert (look.from_version, look.to_version, look.elapsed_sec) == ("8.1.8", "9.1.2", 20)
    assert [[one.id for one in wave] for wave in look.waves] == [["m3", "m4"], ["m1"], ["m2"]]
    assert states(look) == {"m3": "upgraded", "m4": "awaiting evidence",
                            "m1": "waiting", "m2": "waiting"}
    done, going = look.waves[0]
    assert (done.elapsed_sec, done.version) == (5, "9.1.2")
    assert (going.ended, going.elapsed_sec) == (None, 16)


@pytest.mark.parametrize(("name", "phase"), [
    ("make_plan", "planning"), ("take_lock", "locking"), ("check_preflight", "preflight"),
    ("undo", "rolling back"), ("verify", "verifying"), ("bake", "baking"),
    ("finalize", "finalising"), ("report", "finalising"), ("something_new", "something new")])
def test_phase_is_the_task_that_runs(name, phase):
    within = {"verify": "complete", "bake": "complete"}.get(name, "prepare")
    known = part(within) if name in ("make_plan", "take_lock", "check_preflight", "verify",
                                     "bake") else part(name)
    tree = upgrading(children=[], open_tasks=[*known, task(name, "RUNNING", 4, "x")])
    assert build(tree).phase == phase


@pytest.mark.parametrize(("name", "phase"), [("hold", "holding"), ("bake_canary", "baking"),
                                             ("choose_wave", "upgrading")])
def test_phase_within_the_roll(name, phase):
    assert build(upgrading(open_tasks=[*part("roll"), task(name, "IDLE", 9, "r")])).phase == phase


@pytest.mark.parametrize(("step", "state"), [
    ("switchover", "switching over"), ("request_upgrade", "requested"),
    ("await_evidence", "awaiting evidence"), (None, "under way")])
def test_state_of_a_member_is_its_step(step, state):
    steps = [task(step, "RUNNING", 5, "x-m4-False")] if step else []
    assert states(build(upgrading(open_tasks=steps)))["m4"] == state


def test_failed_wave_is_rolled_back():
    tree = upgrading(children=[member("m3", "SUCCESS", 4, 9), member("m4", "ERROR", 4, 10),
                               member("m4", "SUCCESS", 11, 13, "u1", undo=True),
                               member("m3", "RUNNING", 14, 14, "u2", undo=True)],
                     open_tasks=part("undo"))
    look = build(tree)
    assert look.phase == "rolling back"
    assert states(look) == {"m3": "rolling back", "m4": "rolled back",
                            "m1": "waiting", "m2": "waiting"}
    assert [one.id for one in look.waves[0]] == ["m3", "m4"]       # an undo is not a wave


def test_waves_are_as_they_really_were():
    tree = upgrading(children=[member("m1", "RUNNING", 4, 4)])      # not what was planned
    assert [[one.id for one in wave] for wave in build(tree).waves] == [
        ["m1"], ["m3", "m4"], ["m2"]]


def test_before_there_is_a_plan():
    look = build(progress.Tree(root(), open_tasks=part("prepare")))
    assert (look.phase, look.members) == ("planning", [])


def test_between_two_parts_it_has_begun_or_is_over():
    assert build(progress.Tree(root())).phase == "planning"
    body = {"workflow_name": progress.BODY, "state": "SUCCESS", "created_at": trees.at(1)}
    assert build(progress.Tree(root(), [body])).phase == "finalising"


def test_members_that_are_done_are_shown_as_upgraded_and_in_no_wave():
    plan = json.loads(json.dumps(trees.PLAN))
    plan["members"][0]["done"] = True
    plan["waves"] = [["m3", "m4"], ["m2"]]
    look = build(upgrading(plan=plan))
    assert [one.id for one in look.untouched] == ["m1"]
    assert states(look)["m1"] == "upgraded"


def ended(status, state="ERROR", **lists):
    output = {"status": status, "summary": f"It {status}.", **lists}
    return build(upgrading(root=root(state, 30, output=json.dumps(output))))


def test_at_the_end_the_result_has_the_last_word():
    look = ended("rolled_back", rolled_back=[{"id": "m3", "name": "shop-3", "version": "8.1.8"}],
                 failed=[{"id": "m4", "name": "shop-4", "version": ""}])
    assert (look.phase, look.message, look.elapsed_sec) == ("done", "It rolled_back.", 30)
    assert states(look)["m3"] == "rolled back"
    assert states(look)["m4"] == "failed"


def test_result_that_is_not_json_is_no_crash():
    look = build(upgrading(root=root("CANCELLED", 9, output="nonsense", state_info="By hand")))
    assert (look.result, look.message) == (None, "By hand")


def test_progress_as_data_can_be_written_as_json():
    data = json.loads(json.dumps(build(upgrading()).as_dict()))
    assert data["waves"][0][1]["state"] == "awaiting evidence"
    assert "plan" not in data


@pytest.mark.parametrize(("status", "state", "code"), [
    ("upgraded", "SUCCESS", 0), ("nothing_to_do", "SUCCESS", 0), ("planned", "SUCCESS", 0),
    ("refused", "ERROR", 3), ("rolled_back", "ERROR", 4), ("stopped", "ERROR", 5),
    ("failed", "ERROR", 5), ("aborted", "ERROR", 7)])
def test_exit_codes(status, state, code):
    assert outcome.exit_code(ended(status, state)) == code
    assert code in outcome.MEANING


def test_exit_codes_without_a_result():
    for state, code in (("PAUSED", 6), ("RUNNING", 8), ("CANCELLED", 7), ("ERROR", 5)):
        assert outcome.exit_code(build(upgrading(root=root(state, 9)))) == code


def test_plan_that_is_not_ready_is_a_refusal():
    plan = {**trees.PLAN, "ready": False}
    tree = upgrading(plan=plan, root=root("SUCCESS", 9, output='{"status": "planned"}'))
    assert outcome.exit_code(build(tree)) == 3
