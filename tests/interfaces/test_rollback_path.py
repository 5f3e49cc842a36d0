"""What a rollback undoes, decided from what is known of an upgrade."""
import pytest
from trove_upgrade.interfaces import rollback_path
from trove_upgrade.interfaces.errors import Refused, UnderUpgrade
from trove_upgrade.interfaces.progress import Member, Progress

OLD = {"id": "v-1", "name": "8.1.8", "number": "8.1.8"}
NEW = {"id": "v-2", "name": "9.1.2", "number": "9.1.2"}
DONE = {"upgraded": [{"id": "m1"}], "failed": [], "rolled_back": []}


def plan(direction="forward", target=NEW, done=(False, False), **more):
    members = [{"origin": OLD if target is NEW else NEW, "done": one} for one in done]
    return {"cluster": {"id": "c-1", "name": "shop"}, "direction": direction, "to_version": target,
            "members": members, "ready": True, "waves": [["m1"]], "checks": [],
            "options": {"access": "shop", "bake_sec": 30, "finalize": "manual",
                        "on_failure": "pause", "member_timeout_sec": 900}, **more}


def look(state="SUCCESS", result=DONE, planned=None, members=()):
    return Progress("e-1", state, "done", plan=planned, result=result, waves=[list(members)])


def test_back_to_the_origin_with_access_and_pace_but_not_the_endings_of_the_upgrade():
    assert rollback_path.inputs_back(look(planned=plan())) == {
        "cluster_id": "c-1", "datastore_version": "8.1.8", "skip_checks": ["not_a_downgrade"],
        "access": "shop", "member_timeout_sec": 900}


def test_origin_of_members_that_were_done_before_is_not_asked():
    members = [{"origin": NEW, "done": True}, {"origin": OLD, "done": False}]
    found = rollback_path.inputs_back(look(planned=plan(members=members)))
    assert found["datastore_version"] == "8.1.8"


def test_rollback_of_a_rollback_takes_that_one_to_its_end():
    found = rollback_path.inputs_back(look(planned=plan("back", OLD)))
    assert found["datastore_version"] == "8.1.8"


def test_checks_named_by_a_person_are_skipped_once():
    found = rollback_path.inputs_back(look(planned=plan()), more={
        "skip_checks": ["a", "not_a_downgrade"], "bake_sec": 3})
    assert (found["skip_checks"], found["bake_sec"]) == (["not_a_downgrade", "a"], 3)


def test_while_it_runs_its_owner_is_named():
    with pytest.raises(UnderUpgrade, match=r"^Execution e-1 upgrades this cluster\. Wait for it, "
                                           r"or abort it\.$"):
        rollback_path.inputs_back(look("RUNNING", None, plan()))


@pytest.mark.parametrize("planned", [None, plan(done=(True, True))])
def test_run_that_changed_nothing(planned):
    with pytest.raises(Refused, match="changed nothing"):
        rollback_path.inputs_back(look(planned=planned))


@pytest.mark.parametrize(("result", "stands"), [
    (DONE, True), ({"failed": [{"id": "m1"}]}, True),
    ({"upgraded": [], "rolled_back": [{"id": "m1"}]}, False), ({"status": "refused"}, False)])
def test_what_is_left_of_a_run_is_read_from_its_result(result, stands):
    assert rollback_path.stands(look("ERROR", result)) is stands


@pytest.mark.parametrize(("started", "stands"), [(None, False), (12.0, True)])
def test_cancelled_run_without_a_report_stands_when_a_member_was_begun(started, stands):
    found = look("CANCELLED", None, members=[Member("m1", "shop-1", started=started)])
    assert rollback_path.stands(found) is stands


def test_check_that_says_no_is_told_with_its_remedy():
    checks = [{"name": "rollback_path_open", "ok": False, "skipped": False,
               "message": "It is closed.", "remedy": "Restore a backup."}]
    with pytest.raises(Refused, match=r"\[rollback_path_open\] It is closed\. Restore") as refused:
        rollback_path.check(plan("back", OLD, ready=False, checks=checks))
    assert refused.value.plan["checks"] == checks


def test_cluster_that_is_back_already():
    with pytest.raises(Refused, match=r"on 8\.1\.8 already; there is nothing to roll back"):
        rollback_path.check(plan("none", OLD, waves=[]))
