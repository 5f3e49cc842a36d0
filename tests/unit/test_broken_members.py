"""Members that are broken: who may go beside whom, by the decisions and by the steps themselves."""
import pytest
from trove_upgrade.datastores.base import Facts, ordered
from trove_upgrade.planning import undo, waves
from trove_upgrade.schemas import UpgradeError

from tests.unit.acting import acting_on, actions
from tests.unit.conftest import plan_of
from tests.unit.datastores.generic import test_invariants as generic
from tests.unit.trove_model import Lock, Record


def check(plan):
    return next(one for one in plan["checks"] if one["name"] == "broken_first")


def sick(cluster, *ids):
    for one in ids:
        cluster.set_well(one, False)
    return cluster.driver.read(cluster.members)


def test_silent_ones_go_first_then_followers_that_are_not_well_and_leaders_last():
    facts = {one.id: one for one in (
        Facts("a", "a", True, role="primary", problems=("a: late",)),
        Facts("b", "b", True, role="replica"),
        Facts("c", "c", True, role="replica", problems=("c: late",)),
        Facts("d", "d", False, role="primary", problems=("d: silent",)))}
    assert ordered(facts, facts) == ["c", "d", "b", "a"]


def test_broken_ones_excuse_each_other_and_nobody_healthy(cluster):
    facts = sick(cluster, "m0003", "m0004")
    assert waves.already_unavailable(facts, ["m0003", "m0004"], ["m0003"]) == {"m0003", "m0004"}
    assert waves.already_unavailable(facts, ["m0003", "m0004"], ["m0005"]) == set()
    assert waves.already_unavailable(facts, ["m0003"], ["m0003", "m0005"]) == {"m0003"}
    assert waves.already_unavailable(facts, [], ["m0003"]) == set()


def test_only_those_that_the_plan_found_broken_are_excused(cluster):
    sick(cluster, "m0003")
    plan = plan_of(cluster)
    assert [one["id"] for one in plan["members"] if not one["healthy"]] == ["m0003"]
    assert waves.known_unhealthy(plan, ["m0003", "m0004"]) == ["m0003"]
    assert waves.known_unhealthy(plan, ["m0004"]) == []


def test_a_broken_member_that_can_go_first_is_no_reason_to_refuse(cluster):
    sick(cluster, "m0003", "m0005")
    plan = plan_of(cluster)
    assert plan["waves"][:2] == [["m0003"], ["m0005"]]
    assert check(plan)["ok"]


def test_a_broken_leader_that_would_have_to_wait_is_refused_by_name(cluster):
    facts = cluster.driver.read(cluster.members)
    cluster.driver.read = lambda members: facts | {
        "m0000": Facts(**vars(facts["m0000"]) | {"problems": ("member-0 is loading",)})}
    found = check(plan_of(cluster))
    assert not found["ok"]
    assert found["message"].startswith("member-0 can't go before the healthy members")


def test_what_is_silent_goes_back_at_once_and_what_else_is_broken_one_by_one(cluster):
    plan = plan_of(cluster)
    for one in ("m0003", "m0004", "m0005", "m0000"):
        cluster.nodes[one].version = "9.1.2"
    cluster.nodes["m0003"].up = cluster.nodes["m0004"].up = False
    todo = ["m0000", "m0003", "m0004", "m0005"]
    facts = sick(cluster, "m0005")
    assert undo.next_undo(cluster.driver, facts, plan, todo) == ["m0003", "m0004"]
    assert undo.next_undo(cluster.driver, facts, plan, ["m0000", "m0005"]) == ["m0005"]
    assert undo.next_undo(cluster.driver, facts, plan, []) == []


@pytest.mark.parametrize("unavailable", [[], ["m1"]])
def test_the_bake_does_not_mind_a_broken_member_that_is_still_to_be_upgraded(unavailable):
    model = generic.Cluster(["a", "b", "c"])
    plan = model.plan()
    plan["job"] |= {"try_sec": 0, "poll_sec": 0}
    model.books.rows["m1"].status = "BACKUP"
    watch = actions()["trove_upgrade.watch_health"].load()
    action = watch("owner-1", until=0, whole=not unavailable)
    action.remember(Record(plan, {"unavailable": unavailable}))
    step = action.step
    with acting_on(model.driver):
        if unavailable:
            assert step(model.books.trove, Lock()) == {"watched": True}
            return
        with pytest.raises(UpgradeError) as raised:
            step(model.books.trove, Lock())
    assert raised.value.code == "unwell"
