"""Two versions of one name, as Trove's manual sets them up: each step that compares what Trove has
recorded for a member compares the numbers, too."""
import warnings
from dataclasses import replace

import pytest
from trove_upgrade.datastores.base import Member
from trove_upgrade.planning import evidence, undo, verdict, waves
from trove_upgrade.planning.snapshot import ClusterSnapshot
from trove_upgrade.planning.versions import called, recorded
from trove_upgrade.schemas import UpgradeError

from tests.unit.conftest import plan_of
from tests.unit.test_undo import FAILED
from tests.unit.test_verdict import names, upgrade

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import rebuild

OLD, NEW = ({"id": f"id-{number}", "name": "lts", "number": number}
            for number in ("8.1.8", "9.1.2"))
BOTH = "m0004", "m0005"


def as_recorded(cluster):
    """The members as a Trove that tells numbers shows them."""
    return [replace(one, version="lts", number=one.version) for one in cluster.members]


def snapshot(cluster, _=None):
    return ClusterSnapshot(
        {"id": "c1", "name": "orders", "datastore": "redis", "datastore_version": "lts",
         "task": "NONE"}, as_recorded(cluster), [OLD, NEW], NEW,
        cluster.driver.read(cluster.members))


@pytest.fixture
def plan(cluster):
    return plan_of(cluster, snapshot_of=snapshot)


def test_an_upgrade_to_the_name_that_it_bears_has_all_members_before_it(plan):
    assert not any(one["done"] for one in plan["members"])
    assert {one["origin"]["id"] for one in plan["members"]} == {OLD["id"]}


def test_silence_is_no_wonder_of_one_that_is_on_its_way_alone(cluster):
    cluster.trove["m0004"] = "9.1.2"
    for one in BOTH:
        cluster.nodes[one].up = False
    assert snapshot(cluster).unavailable() == ["m0004"]


@pytest.mark.parametrize(("others", "origin"), [("8.1.8", OLD["id"]), ("9.1.2", "")])
def test_what_the_cluster_was_built_with_is_told_by_other_members(cluster, others, origin):
    cluster.trove = dict.fromkeys(cluster.trove, others) | {"m0004": "9.1.2"}
    cluster.nodes["m0004"].up = False
    now = snapshot(cluster)
    assert now.origin(next(one for one in now.members if one.id == "m0004"))["id"] == origin


def test_what_is_recorded_and_unknown_is_not_what_the_cluster_was_built_with(cluster):
    cluster.trove["m0004"] = "8.1.7"
    cluster.nodes["m0004"].up = False
    now = snapshot(cluster)
    assert now.known_origin(next(one for one in now.members if one.id == "m0004")) is None


@pytest.mark.parametrize(("number", "asked"), [("8.1.8", False), ("9.1.2", True)])
def test_one_that_trove_still_works_at_is_asked_to_go_back(number, asked):
    now = Member("m1", "m1", status="UPGRADE", version="lts", number="9.1.2")
    wanted = OLD if number == "8.1.8" else NEW
    assert evidence.asked_already({"recorded": recorded(now)}, now, wanted) is asked


@pytest.mark.parametrize("full_stop", [False, True])
def test_what_was_not_touched_is_not_undone(cluster, plan, full_stop):
    upgrade(cluster, "m0004")
    found = as_recorded(cluster)
    facts = cluster.driver.read(cluster.members)
    assert undo.to_undo(plan, found, facts, "all", full_stop) == ["m0004"]
    assert undo.to_undo(plan, found, facts, "failed", full_stop) == []


def test_who_was_put_back_bears_the_old_number(cluster):
    cluster.trove["m0005"] = "9.1.2"
    wave = {"back": True, "done": [], "members": dict.fromkeys(BOTH)}
    assert undo.put_back(wave, as_recorded(cluster), NEW) == ["m0004"]


def test_one_that_runs_the_target_without_troves_knowing_is_unfinished(cluster):
    upgrade(cluster, *BOTH)
    cluster.trove["m0005"] = "8.1.8"
    facts = cluster.driver.read(cluster.members)
    assert waves.unfinished(as_recorded(cluster), facts, BOTH, NEW) == ["m0005"]


def test_the_report_calls_it_failed(cluster, plan):
    upgrade(cluster, *cluster.nodes)
    cluster.trove["m0005"] = "8.1.8"
    facts = cluster.driver.read(cluster.members)
    found = verdict.verdict(cluster.driver, plan, as_recorded(cluster), facts, FAILED, [], [])
    assert names(found["failed"]) == ["member-5"]


def test_the_report_tells_whom_trove_was_asked_for_where_nobody_answers(cluster, plan):
    cluster.trove["m0004"] = "9.1.2"
    for one in cluster.nodes.values():
        one.up = False
    facts = cluster.driver.read(cluster.members)
    note = verdict.verdict(cluster.driver, plan, as_recorded(cluster), facts, FAILED, [], [])[
        "notes"][0]
    assert note.count("Trove was asked to upgrade it") == 1
    assert note.count("Trove was not asked") == len(cluster.nodes) - 1


def test_what_the_servers_say_is_told_with_the_number(cluster, plan):
    cluster.nodes["m0004"].version = "9.1.2"
    said = evidence.as_servers_say(plan, as_recorded(cluster),
                                   cluster.driver.read(cluster.members))
    assert [one.id for one in said if one.number == "9.1.2"] == ["m0004"]


def test_nothing_is_rebuilt_from_a_source_that_trove_has_on_the_new_one(cluster):
    upgraded, source = replace(as_recorded(cluster)[0], id="m0001"), as_recorded(cluster)[0]
    source = replace(source, number="9.1.2")
    step = rebuild.RebuildMember("owner-1", "m0001")
    step.member = {"id": upgraded.id, "name": upgraded.name, "origin": OLD}
    trove = type("Trove", (), {"recorded": staticmethod(list)})()
    with pytest.raises(UpgradeError, match="can't be rebuilt on lts"):
        step._check_source(cluster.driver, trove, source)


def test_people_read_the_number_where_the_name_does_not_tell_it(plan):
    assert "orders to lts (9.1.2): 6 members" in verdict.planned(plan)["summary"]
    assert called({"id": "a", "name": "9.1.2-r1", "number": "9.1.2"}) == "9.1.2-r1"


def test_commands_name_the_version_by_its_id(cluster, plan):
    upgrade(cluster, "m0004")
    facts = cluster.driver.read(cluster.members)
    found = verdict.verdict(cluster.driver, plan, as_recorded(cluster), facts, FAILED, [], [])
    assert f"--datastore-version {NEW['id']}" in found["resume"]
    assert f"--datastore-version {OLD['id']}" in found["undo"]
