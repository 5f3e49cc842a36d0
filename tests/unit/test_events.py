import json

import pytest
from trove_upgrade.notifiers import events
from trove_upgrade.schemas import complaints, load

from tests.unit.conftest import plan_of

SECRET = "s3cr3t"
TOLD = {"id": "e1", "workflow_name": "trove_upgrade.cluster", "state": "RUNNING",
        "state_info": None, "project_id": "p1", "created_at": "2026-01-01 10:00:00",
        "updated_at": "2026-01-01 10:00:01"}
WHEN = "2026-01-01 10:05:00"
ASKED = {"cluster_id": "orders", "datastore_version": "9.1.2", "access": "default"}


def told(**changes):
    return {**TOLD, **changes}


def payload(about, event, given, answer=None, plan=None, when=WHEN):
    found = events.payload(about, event, when, given, answer or {}, plan)
    assert complaints("event", found) == []
    return found


def member_input(cluster, **more):
    plan = plan_of(cluster)
    return plan, {"run": "owner-1", "member": plan["members"][0]["id"], "tries": {}, **more}


@pytest.mark.parametrize(("workflow", "event", "expected"), [
    ("cluster", "LAUNCHED", "start"), ("cluster", "SUCCEEDED", "end"),
    ("cluster", "FAILED", "error"), ("cluster", "CANCELLED", "error"),
    ("cluster", "PAUSED", "pause"), ("cluster", "RESUMED", "resume"),
    ("member", "LAUNCHED", "member.start"), ("member", "FAILED", "member.error"),
    ("member_rollback", "SUCCEEDED", "member.rollback.end"),
    ("rollback", "LAUNCHED", "rollback.start"), ("rollback", "FAILED", "rollback.error")])
def test_each_transition_has_its_type(workflow, event, expected):
    about = told(workflow_name=f"trove_upgrade.{workflow}")
    assert events.event_type(about, f"WORKFLOW_{event}") == f"trove.cluster.upgrade.{expected}"


@pytest.mark.parametrize(("workflow", "event"), [
    ("trove_upgrade.member", "WORKFLOW_PAUSED"), ("trove_upgrade.roll", "WORKFLOW_LAUNCHED"),
    ("somebody.elses", "WORKFLOW_FAILED"), ("trove_upgrade.cluster", "TASK_SUCCEEDED")])
def test_other_transitions_have_none(workflow, event):
    assert events.event_type(told(workflow_name=workflow), event) is None


def test_a_resumed_run_does_not_start_again():
    again = told(updated_at="2026-01-01 10:04:00")
    assert events.event_type(again, "WORKFLOW_LAUNCHED") is None
    assert events.event_type(again, "WORKFLOW_RESUMED") == "trove.cluster.upgrade.resume"


@pytest.mark.parametrize(("given", "expected"), [
    (True, True), ("true", True), ('"true"', True), (False, False), ("false", False),
    ("None", False), (None, False)])
def test_dry_run_as_forms_write_it(given, expected):
    assert events.is_dry_run({"dry_run": given}) is expected


def test_start_tells_what_was_asked_for():
    found = payload(TOLD, "WORKFLOW_LAUNCHED", ASKED)
    assert (found["cluster_id"], found["datastore_version"]) == ("orders", "9.1.2")
    assert found["tenant_id"] == "p1"
    assert found["state_changed_at"] == WHEN


def test_same_transition_told_twice_has_one_key_and_the_next_pause_another():
    keys = [payload(TOLD, "WORKFLOW_PAUSED", ASKED, when=when)["key"]
            for when in ("10:05", "10:05", "10:09")]
    assert keys[0] == keys[1] != keys[2]


def test_member_is_told_with_its_cluster_and_the_run_that_owns_it(cluster):
    plan, given = member_input(cluster)
    about = told(id="e2", workflow_name=events.MEMBERS[0])
    found = payload(about, "WORKFLOW_LAUNCHED", given, plan=plan)
    assert (found["execution_id"], found["cluster_name"]) == ("owner-1", "orders")
    assert (found["version"], found["wanted_version"]) == ("8.1.8", "9.1.2")
    chosen = {"name": "orders-1", "role": "replica", "version": "8.1.9"}      # at that moment
    assert events.payload(about, "WORKFLOW_LAUNCHED", WHEN, given, {}, plan, chosen)[
        "version"] == "8.1.9"
    done = payload(about, "WORKFLOW_SUCCEEDED", given, plan=plan, answer={
        "evidence": {"version": "9.1.2", "role": "replica"}, "failure": None})
    assert (done["version"], done["role"]) == ("9.1.2", "replica")


def test_member_that_goes_back_is_wanted_on_its_old_version(cluster):
    plan, given = member_input(cluster)
    about = told(id="e2", workflow_name=events.MEMBERS[1])
    assert payload(about, "WORKFLOW_LAUNCHED", given, plan=plan)["wanted_version"] == "8.1.8"


def test_failure_of_a_member_says_which_code(cluster):
    plan, given = member_input(cluster)
    failure = {"code": "member_failed", "class": "rollback", "instance": "m1",
               "message": "Trove calls orders-1 ERROR."}
    found = payload(told(id="e2", workflow_name=events.MEMBERS[0], state="ERROR"),
                    "WORKFLOW_FAILED", given, {"failure": failure, "evidence": {}}, plan)
    assert found["message"] == "Trove calls orders-1 ERROR."
    assert [error["code"] for error in found["errors"]] == ["member_failed"]


def test_words_of_the_engine_itself_are_told_without_a_password():
    found = payload(told(state="ERROR", state_info=f"Boom password={SECRET} " + "x" * 9000),
                    "WORKFLOW_FAILED", ASKED)
    assert found["message"].startswith("Boom")
    assert SECRET not in json.dumps(found)


def test_cancel_says_that_nothing_was_undone():
    found = payload(told(state="CANCELLED"), "WORKFLOW_CANCELLED", ASKED, {"result": None})
    assert "nothing was undone" in found["message"]


def test_end_carries_the_result(cluster):
    plan = plan_of(cluster)
    answer = {"status": "upgraded", "summary": "Done.", "undo": "", "resume": "", "errors": [],
              "notes": [], "plan": None, "upgraded": [{"id": "1", "name": "a", "version": "9.1.2"}],
              "skipped": [], "rolled_back": [], "failed": [], "todo": []}
    found = payload(told(state="SUCCESS"), "WORKFLOW_SUCCEEDED", ASKED, answer, plan)
    assert found["status"] == "upgraded"
    assert len(found["upgraded"]) == 1
    assert found["cluster_id"] == "c1"


def test_only_named_fields_leave(cluster):
    plan, given = member_input(cluster, trust_id=SECRET)
    given["password"] = SECRET
    found = payload(told(id="e2", workflow_name=events.MEMBERS[0]), "WORKFLOW_LAUNCHED", given,
                    plan=plan)
    assert SECRET not in json.dumps(found)


def test_example_of_the_schema_is_valid():
    assert all(complaints("event", example) == [] for example in load("event")["examples"])
