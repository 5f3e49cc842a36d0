"""A check that could not ask says so, by every driver, and refuses the run as a no does."""
import dataclasses

import pytest
from trove_upgrade import datastores
from trove_upgrade.datastores.base import Facts, Member
from trove_upgrade.planning import checks, verdict
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.planning.snapshot import ClusterSnapshot
from trove_upgrade.schemas import complaints

from tests.unit.conftest import VERSIONS, options, plan_of, version

ASKING = sorted(name for name, one in datastores.drivers().items() if not one.asks_trove)
BY_TROVE = {"cluster_idle", "names_differ", "lock_free", "members_active", "version_active",
            "origin_known", "all_members_seen", "volume_space"}
BY_ANYBODY = {"broken_first", "slots_covered", "primaries_majority"}
OPEN = ("members_active", "members_healthy", "native_access")


def answers(plan):
    return {one["name"]: one["answer"] for one in plan["checks"]}


def silent_plan(name, *skipped):
    """Of six members for which Trove tells no address, so that nobody can ask them."""
    driver = datastores.driver(name, {})
    members = [Member(f"m{number}", f"shop-member-{number}", "", "ACTIVE", "8.1.8",
                      replica_of="m1" if driver.replication and number > 1 else "",
                      kind="member") for number in range(1, 7)]
    cluster = {"id": "c1", "name": "shop", "datastore": driver.datastores[0],
               "datastore_version": "8.1.8", "task": "NONE", "source": "m1"}
    now = ClusterSnapshot(cluster, members, VERSIONS, version("8.1.9"), driver.read(members),
                          kind="replication_set" if driver.replication else "cluster",
                          lock_reach="project")
    return make_plan(now, driver, options(skip_checks=",".join(skipped)), "owner-1")


@pytest.mark.parametrize("name", ASKING)
def test_where_nobody_answers_no_check_of_the_members_says_yes(name):
    plan = silent_plan(name)
    assert {check for check, answer in answers(plan).items() if answer == "yes"} <= BY_TROVE
    assert not plan["ready"]
    unknown = [one for one in plan["checks"] if one["answer"] == "unknown"]
    assert "not_a_downgrade" in {one["name"] for one in unknown}
    for one in unknown:
        assert not one["ok"]
        assert "shop-member-5" in one["message"]
        assert "no usable address" in one["message"]
        assert one["remedy"]
    assert complaints("plan", plan) == []


@pytest.mark.parametrize("name", ASKING)
def test_where_nobody_answers_each_unknown_check_has_to_be_skipped_by_its_name(name):
    skipped = {one["name"] for one in silent_plan(name, *OPEN)["checks"] if one["skipped"]}
    if datastores.drivers()[name].full_stop:        # it may be down as a whole
        assert skipped == {one for one, answer in answers(silent_plan(name)).items()
                           if answer == "unknown"} | {"members_healthy", "native_access"}
    else:
        assert skipped <= set(OPEN)


def test_one_silent_member_makes_unknown_what_only_it_could_tell(cluster):
    cluster.nodes["m0004"].up = False
    found = answers(plan_of(cluster))
    unknown = {one for one, answer in found.items() if answer == "unknown"}
    assert {"not_a_downgrade", "version_path", "persistence_on", "may_lead"} <= unknown
    assert {found[one] for one in BY_ANYBODY | (BY_TROVE & set(found))} == {"yes"}
    assert not plan_of(cluster, skip_checks="members_healthy")["ready"]


def test_who_accepts_that_a_member_can_not_be_asked_accepts_no_more(cluster):
    cluster.nodes["m0004"].up = False
    accepted = ",".join([*OPEN, "replicas_ready", "slots_covered"])
    plan = plan_of(cluster, skip_checks=accepted)
    assert plan["ready"], checks.refusals(plan["checks"])
    assert all(one["skipped"] for one in plan["checks"] if one["answer"] == "unknown")
    read = cluster.driver.read
    cluster.driver.read = lambda members: {
        one: dataclasses.replace(facts, version="9.2.0") if facts.answers else facts
        for one, facts in read(members).items()}
    plan = plan_of(cluster, skip_checks=accepted)
    assert "not_a_downgrade" in {one["name"] for one in checks.refusals(plan["checks"])}


def test_a_no_is_not_hidden_by_one_who_could_not_be_asked(cluster):
    read = cluster.driver.read
    cluster.driver.read = lambda members: {
        one: Facts(facts.id, facts.name, problems=("timed out",)) if one == "m0004" else
        dataclasses.replace(facts, version="9.2.0") for one, facts in read(members).items()}
    found = {one["name"]: one for one in plan_of(cluster)["checks"]}
    assert found["not_a_downgrade"]["answer"] == "no"
    assert "member-4: timed out" in found["persistence_on"]["message"]


def test_why_a_member_can_not_be_asked_is_told_once_for_all_checks(cluster):
    cluster.nodes["m0004"].up = False
    plan = plan_of(cluster)
    told = verdict.complaints(plan)
    assert told.count("Not known, since not all could be asked: member-4") == 1
    assert all(one["name"] in told for one in checks.refusals(plan["checks"]))
    assert "[native_access] " in told
