import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trove_upgrade.planning import summary, verdict
from trove_upgrade.planning.checks import run_checks
from trove_upgrade.schemas import complaints

from tests.unit.conftest import plan_of, snapshot
from tests.unit.datastores.redis.model import Cluster
from tests.unit.test_undo import FAILED


def result(cluster, plan, failure=None, undone=()):
    facts = cluster.driver.read(cluster.members)
    found = verdict.verdict(cluster.driver, plan, cluster.members, facts, failure, list(undone), [])
    assert complaints("result", found) == []
    return found


def upgrade(cluster, *ids):
    for one in ids:
        cluster.nodes[one].version = cluster.trove[one] = "9.1.2"
        cluster.nodes[one].settings["save"] = ""        # as the pack does, so that it can go back


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


@pytest.mark.parametrize(("undone", "words"), [
    (["m0003", "m0005"], "failed and rolled back: member-5; rolled back: member-3; not touched: "),
    (["m0003"], "rolled back: member-3; failed, and on the old version: member-5; not touched: ")])
def test_who_failed_is_named_as_such_also_after_the_rollback(cluster, undone, words):
    found = result(cluster, plan_of(cluster), FAILED, undone)
    assert words in found["summary"]
    assert found["summary"].endswith("member-5: It broke.")
    assert "member-5" not in found["summary"].split("not touched")[1].split(".")[0]


def test_trove_is_said_to_show_the_old_version_only_while_members_are_on_the_new(cluster):
    plan = plan_of(cluster)
    for arrived in (False, True):
        facts = cluster.driver.read(cluster.members)
        assert bool(verdict.notes(plan, "8.1.8", {}, facts)) is arrived
        upgrade(cluster, "m0003")
    assert verdict.notes(plan, "9.1.2", {}, facts) == []


@pytest.mark.parametrize(("damage", "words"), [
    (lambda c: setattr(c.nodes["m0004"], "up", False), "member-4 does not answer."),
    (lambda c: setattr(c.nodes["m0004"], "synced", False), "member-4 is not healthy."),
    (lambda c: setattr(c.nodes["m0004"], "version", "7.2.4"), "member-4 runs 7.2.4, and by")])
def test_what_is_seen_of_a_failed_member_that_no_error_names_is_said(cluster, damage, words):
    plan = plan_of(cluster)
    upgrade(cluster, "m0003")
    damage(cluster)
    assert words in result(cluster, plan)["summary"]


IDS = [f"m000{number}" for number in range(6)]
ERRORS = st.lists(st.fixed_dictionaries({
    "code": st.sampled_from(["member_failed", "no_answer", "token_expired", "gate_closed"]),
    "class": st.sampled_from(["rollback", "stop", "retry"]), "message": st.just("It broke."),
    "instance": st.sampled_from(["", *IDS])}), max_size=3)


@pytest.mark.hypothesis
@given(st.sets(st.sampled_from(IDS)), st.sets(st.sampled_from(IDS)), st.sets(st.sampled_from(IDS)),
       ERRORS)
def test_a_report_that_is_not_clean_names_who_failed_and_why(new, down, undone, errors):
    cluster = Cluster()
    plan = plan_of(cluster)
    upgrade(cluster, *new)
    for one in down:
        cluster.nodes[one].up = False
    found = result(cluster, plan, errors, sorted(undone - new))
    head, failed = found["summary"].split(";"), {error["instance"] for error in errors} - {""}
    if found["status"] not in ("failed", "stopped", "rolled_back"):
        return
    for one in failed | {entry["id"] for entry in found["failed"]}:
        name = f"member-{int(one[1:])}"
        assert name in found["summary"]
        assert not any(part.strip().startswith("not touched") and name in part.split(".")[0]
                       for part in head)
    assert "broke" in found["summary"] or found["failed"] or summary.UNTOLD in found["summary"]
    assert "member-" in found["summary"]


@pytest.mark.parametrize("status", ["UPGRADE", "REBOOT", "BUILD", "BACKUP"])
def test_a_member_that_trove_leaves_busy_is_named_with_the_command_that_frees_it(cluster, status):
    plan = plan_of(cluster)
    upgrade(cluster, "m0003")
    members = [dataclasses.replace(one, status=status) if one.id == "m0003" else one
               for one in cluster.members]
    facts = cluster.driver.read(cluster.members)
    notes = verdict.verdict(cluster.driver, plan, members, facts, FAILED, [], [])["notes"]
    assert notes == [f"Trove still calls member-3 {status}. Should Trove never end it, an "
                     "administrator can reset its status, which touches no server: member-3: "
                     "openstack database instance reset status m0003"]
    for calm in ("ACTIVE", "ERROR"):
        members = [dataclasses.replace(one, status=calm) for one in cluster.members]
        assert verdict.verdict(cluster.driver, plan, members, facts, FAILED, [], [])["notes"] == []


def test_a_task_that_trove_never_ends_is_named_with_the_command_that_ends_it(cluster):
    now = snapshot(cluster, task="UPGRADING_CLUSTER")
    members = [dataclasses.replace(one, status="REBOOT") if one.id == "m0003" else one
               for one in cluster.members]
    checks = run_checks(dataclasses.replace(now, members=members), cluster.driver, [], [])
    remedies = {one["name"]: one["remedy"] for one in checks}
    assert remedies["cluster_idle"].endswith("openstack database cluster reset status c1")
    assert remedies["members_active"].endswith(
        "member-3: openstack database instance reset status m0003")
