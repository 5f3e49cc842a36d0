import dataclasses

import pytest
from trove_upgrade.planning import verdict
from trove_upgrade.schemas import complaints

from tests.unit.conftest import plan_of
from tests.unit.test_undo import FAILED


def result(cluster, plan, failure=None, undone=()):
    facts = cluster.driver.read(cluster.members)
    found = verdict.verdict(cluster.driver, plan, cluster.members, facts, failure, list(undone), [])
    assert complaints("result", found) == []
    return found


def upgrade(cluster, *ids):
    for one in ids:
        cluster.nodes[one].version = cluster.trove[one] = "9.1.2"


def names(entries):
    return [one["name"] for one in entries]


def test_all_members_on_the_target_is_upgraded(cluster):
    plan = plan_of(cluster)
    upgrade(cluster, *cluster.nodes)
    found = result(cluster, plan)
    assert found["status"] == "upgraded"
    assert len(found["upgraded"]) == 6
    assert found["resume"] == ""
    assert found["undo"] == ""


def test_an_upgrade_that_is_not_finalised_names_the_command_that_undoes_it(cluster):
    plan = plan_of(cluster, finalize="manual")
    upgrade(cluster, *cluster.nodes)
    assert result(cluster, plan)["undo"].endswith(
        "--datastore-version 8.1.8 --skip-check not_a_downgrade")


def test_an_upgrade_whose_rollback_path_is_closed_names_no_such_command_but_the_reason(cluster):
    plan = plan_of(cluster, finalize="manual")
    upgrade(cluster, *cluster.nodes)
    cluster.nodes["m0004"].saves = 1
    found = result(cluster, plan)
    assert found["undo"] == ""
    assert found["notes"] == ["No rollback path: the files of member-4 are in the format of 9.1.2."]


def test_an_upgrade_whose_finalising_failed_needs_a_person_and_names_the_command(cluster):
    plan = plan_of(cluster)
    upgrade(cluster, *cluster.nodes)
    found = result(cluster, plan, [{**FAILED[0], "code": "no_answer"}])
    assert found["status"] == "failed"
    assert found["resume"].startswith("trove-upgrade finalize --cluster")
    assert result(cluster, plan, [{**FAILED[0], "code": "trove_disagrees"}])["status"] == "upgraded"


@pytest.mark.parametrize("code", sorted(verdict.REFUSALS))
def test_a_refused_run_is_refused_also_when_another_one_has_upgraded_all_meanwhile(cluster, code):
    plan = plan_of(cluster)
    upgrade(cluster, *cluster.nodes)
    assert result(cluster, plan, [{**FAILED[0], "code": code}])["status"] == "refused"


def test_nothing_to_do(cluster):
    upgrade(cluster, *cluster.nodes)
    assert result(cluster, plan_of(cluster))["status"] == "nothing_to_do"


def test_a_failure_that_was_undone_is_rolled_back_and_says_why(cluster):
    plan = plan_of(cluster)
    found = result(cluster, plan, FAILED, undone=["m0003", "m0005"])
    assert found["status"] == "rolled_back"
    assert names(found["rolled_back"]) == ["member-3", "member-5"]
    assert "It broke." in found["summary"]
    assert [error["instance"] for error in found["errors"]] == ["m0005"]
    assert "--datastore-version 9.1.2" in found["resume"]


def test_a_stop_keeps_what_is_done_and_names_what_is_left(cluster):
    plan = plan_of(cluster)
    upgrade(cluster, "m0003")
    found = result(cluster, plan, FAILED, undone=["m0004"])
    assert found["status"] == "stopped"
    assert names(found["upgraded"]) == ["member-3"]
    assert len(found["todo"]) == 4


@pytest.mark.parametrize("damage", [
    lambda c: setattr(c.nodes["m0004"], "up", False),
    lambda c: setattr(c.nodes["m0004"], "version", "7.2.4"),
    lambda c: setattr(c.nodes["m0004"], "synced", False)])
def test_a_member_that_is_neither_new_nor_old_and_well_is_named_as_failed(cluster, damage):
    plan = plan_of(cluster)
    upgrade(cluster, "m0003")
    damage(cluster)
    found = result(cluster, plan, FAILED)
    assert found["status"] == "failed"
    assert names(found["failed"]) == ["member-4"]
    assert "needs a person" in found["summary"]


def test_a_member_that_was_deleted_meanwhile_is_named_as_failed(cluster):
    plan = plan_of(cluster)
    left = [one for one in cluster.members if one.id != "m0004"]
    facts = cluster.driver.read(left)
    found = verdict.verdict(cluster.driver, plan, left, facts, FAILED, [], [])
    assert "member-4" in names(found["failed"])


@pytest.mark.parametrize(("code", "status"), [
    *((code, "refused") for code in sorted(verdict.REFUSALS)), ("aborted", "aborted")])
def test_status_follows_the_reason(cluster, code, status):
    failure = [{**FAILED[0], "code": code}]
    assert result(cluster, plan_of(cluster), failure)["status"] == status


def test_every_planned_member_is_in_exactly_one_list(cluster):
    plan = plan_of(cluster)
    upgrade(cluster, "m0003")
    cluster.nodes["m0001"].up = False
    found = result(cluster, plan, FAILED, undone=["m0005"])
    listed = [one["id"] for key in verdict.LISTS for one in found[key]]
    assert sorted(listed) == sorted(cluster.nodes)


def test_a_dry_run_tells_whether_it_could_start(cluster):
    assert "it can start" in verdict.planned(plan_of(cluster))["summary"]
    cluster.nodes["m0003"].synced = False
    assert "[replicas_ready]" in verdict.planned(plan_of(cluster))["summary"]


def test_what_trove_says_of_a_failed_member_is_in_the_report(cluster):
    plan = plan_of(cluster)
    members = [dataclasses.replace(one, fault="Timeout for service changes.") if one.id == "m0003"
               else one for one in cluster.members]
    cluster.nodes["m0003"].up = False
    facts = cluster.driver.read(cluster.members)
    found = verdict.verdict(cluster.driver, plan, members, facts, FAILED, [], [])
    assert names(found["failed"]) == ["member-3"]
    assert found["notes"] == ["Trove says of member-3: Timeout for service changes."]
