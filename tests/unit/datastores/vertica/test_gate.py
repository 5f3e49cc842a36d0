"""Vertica's decisions, on a model of a database."""
import dataclasses

import pytest
from trove_upgrade.datastores.base import DatastoreError
from trove_upgrade.datastores.vertica import topology
from trove_upgrade.planning import verdict
from trove_upgrade.schemas import UpgradeError

from tests.unit.datastores.vertica.model import FAILED, NEW, OLD, Database, plan_of, read, undoing


@pytest.fixture
def database():
    return Database()


def refusals(database, **given):
    return {one["name"] for one in plan_of(database, **given)["checks"]
            if not one["ok"] and not one["skipped"]}


# Plan and checks
def test_all_members_go_in_one_wave_without_a_canary(database):
    plan = plan_of(database, max_unavailable=1, canary=True)
    assert plan["ready"], plan["checks"]
    assert plan["waves"] == [["n0", "n1", "n2"]]
    assert any(note.startswith("OUTAGE: All 3 members are stopped") for note in plan["notes"])


def test_the_outage_needs_consent_by_name(database):
    assert refusals(database, skip_checks="") == {"outage_accepted"}
    assert refusals(database) == set()


def test_a_database_that_is_down_already_is_put_out_of_service_by_nobody(database):
    for one in database.nodes:
        database.stop(one)
    assert refusals(database, skip_checks="native_access,members_healthy") == set()


@pytest.mark.parametrize(("audited", "check", "words"), [
    ({"backup": None}, "backup_taken", "knows of no full backup"),
    ({"backup": "2026-01-01 11:00:00"}, "backup_taken", "25 hours old"),
    ({"running": ["REBALANCE_CLUSTER"]}, "nothing_running", "REBALANCE_CLUSTER is running"),
    ({"sessions": [["ann", "2026-01-02 11:50:00.5"]]}, "transactions_short", "of ann has run"),
    ({"memory_bytes": 3 << 20, "catalog_kb": 1025}, "catalog_memory", "has only 3 MiB"),
    ({"stale": ["public.orders_b1"]}, "projections_current", "public.orders_b1 is not up to date"),
    ({"catalog_free_mb": 0}, "catalog_storage", "1 MiB on a node, and 0 MiB are free")])
def test_preflight_says_what_it_found(database, audited, check, words):
    database.audited |= audited
    failed = [one for one in plan_of(database)["checks"] if not one["ok"] and not one["skipped"]]
    assert [one["name"] for one in failed] == [check]
    assert words in failed[0]["message"]
    assert failed[0]["remedy"]


def test_what_is_at_a_limit_passes(database):
    database.audited |= {"memory_bytes": 3 << 20, "catalog_kb": 1024,
                         "backup": "2026-01-01 12:00:00",
                         "sessions": [["ann", "2026-01-02 11:55:00"]]}
    assert refusals(database) == set()


AUDITED = {"nothing_running", "transactions_short", "catalog_memory", "projections_current",
           "catalog_storage", "backup_taken"}


def answers(database):
    return {one["name"]: one["answer"] for one in plan_of(database)["checks"]}


def test_what_the_system_tables_do_not_show_is_unknown(database):
    database.audited = {"error": "node-0: permission denied"}
    found = answers(database)
    assert found["native_access"] == "no"
    assert {name for name, answer in found.items() if answer == "unknown"} == AUDITED
    assert refusals(database) == {"native_access", *AUDITED}


def test_of_a_node_that_is_down_the_others_tell_but_nobody_knows_why_it_is_silent(database):
    database.stop("n1")
    found = answers(database)
    assert found["members_healthy"] == "no"
    assert {name for name, answer in found.items() if answer == "unknown"} == {
        "native_access", "members_match"}
    assert refusals(database, skip_checks="outage_accepted,native_access,members_healthy") == set()


def test_whom_a_database_serves_that_nobody_can_ask_is_unknown(database):
    for one in database.nodes:
        database.stop(one)
    found = answers(database)
    assert found["outage_accepted"] == "unknown"
    assert {found[name] for name in AUDITED} == {"unknown"}


def test_a_database_without_k_safety_is_refused():
    assert refusals(Database(2)) == {"k_safety"}


def test_nodes_that_trove_does_not_know_are_refused(database):
    facts = read(database)
    facts["n0"].native["view"]["v99"] = "UP"
    found = {one.name: one for one in database.driver.checks(facts)}
    assert "v99 is not a member by Trove" in found["members_match"].message
    assert "Remove" not in found["members_match"].remedy


def test_nodes_are_known_by_name_where_the_database_has_other_addresses_than_trove(database):
    members = [dataclasses.replace(one, address=f"203.0.113.{number}")
               for number, one in enumerate(database.members)]
    assert database.driver.blockers(database.driver.read(members), ()) == []
    database.stop("n1")
    facts = database.driver.read(members)
    assert facts["n1"].native["node"] == "v1"
    assert facts["n2"].server_id == "v2"
    assert database.driver.blockers(facts, {"n2"})
    assert not any("node-1" in one for one in database.driver.blockers(facts, {"n1"}))


def test_refused_credentials_are_told_as_no_access(database):
    facts = read(database)
    facts |= topology.build(database.members[:1], {"n0": {"error": "n0 refuses", "code":
                                                          "access_refused"}})
    found = {one.name: one for one in database.driver.checks(facts)}
    assert not found["native_access"].ok


# Gate
def test_with_everybody_away_there_is_nobody_to_ask(database):
    for one in database.nodes:
        database.stop(one)
    assert database.driver.blockers(read(database), set(database.nodes)) == []
    assert database.driver.blockers(read(database), ()) != []


def test_a_node_that_is_away_is_not_held_against_the_others(database):
    database.stop("n1")
    assert database.driver.blockers(read(database), {"n1"}) == []
    assert any("instead of 1" in one for one in database.driver.blockers(read(database), ()))


# Switch over
def test_the_first_member_shuts_the_database_down_and_the_others_find_it_done(database):
    facts = read(database)
    for one in database.nodes:
        database.driver.switchover(facts, one, NEW)      # all of them saw it up
    assert database.up() == []
    assert database.shutdowns == 1


def test_a_late_step_does_not_shut_down_the_members_that_are_up_on_the_new_version(database):
    seen = read(database)
    database.driver.switchover(seen, "n0", NEW)
    database.start("n0", NEW)
    database.start("n2", NEW)
    database.driver.switchover(seen, "n1", NEW)          # it saw n1 up on the old version
    database.driver.switchover(read(database), "n1", NEW)
    database.driver.switchover(read(database), "n0", NEW)
    assert len(database.up()) == 2
    assert database.shutdowns == 1


def test_a_database_is_never_shut_down_to_go_back(database):
    upgraded(database)
    with pytest.raises(DatastoreError, match="converted to 12.0.4") as refused:
        database.driver.switchover(read(database), "n0", OLD)
    assert refused.value.code == "rollback_path_closed"
    assert len(database.up()) == 3


def upgraded(database, *but):
    """As after the roll; the members ``but`` did not come up."""
    database.driver.switchover(read(database), "n0", NEW)
    for one in database.nodes:
        database.trove[one] = NEW
        if one not in but:
            database.start(one, NEW)


# Undo
def test_a_member_that_did_not_come_up_after_the_others_is_left_and_named(database):
    plan = plan_of(database)
    upgraded(database, "n1")
    for wanted in ("all", "failed"):
        with pytest.raises(UpgradeError, match="mend node-1 and start the upgrade again") as error:
            undoing(database, plan, wanted)
        assert (error.value.code, error.value.klass) == ("rollback_path_closed", "stop")
    found = verdict.verdict(database.driver, plan, database.members, read(database), FAILED, [], [])
    assert found["status"] == "failed"
    assert [one["id"] for one in found["failed"]] == ["n1"]
    assert "--skip-check outage_accepted" in found["resume"]


def test_members_that_are_only_down_go_back_with_those_that_trove_was_asked_for(database):
    plan = plan_of(database)
    database.driver.switchover(read(database), "n0", NEW)
    database.trove["n0"] = NEW
    assert undoing(database, plan) == ["n0", "n1", "n2"]
    assert undoing(database, plan, "failed") == ["n0", "n1", "n2"]


def test_a_database_that_nobody_has_stopped_is_left_alone(database):
    plan = plan_of(database)
    assert undoing(database, plan) == []
    assert undoing(database, plan, "nothing") == []
