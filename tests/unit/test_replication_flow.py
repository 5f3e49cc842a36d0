"""Decisions of the flow of replication sets: who is who, what comes first, what the plan says."""
import dataclasses

import pytest
from trove_upgrade import datastores
from trove_upgrade.datastores.base import (
    PRIMARY,
    REPLICA,
    DatastoreError,
    Driver,
    Facts,
    Member,
    Texts,
)
from trove_upgrade.planning import groups, undo, verdict, waves
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.planning.snapshot import ClusterSnapshot
from trove_upgrade.schemas import UpgradeError, complaints
from trove_upgrade.services import replication_sets

from tests.unit.conftest import VERSIONS, options, version

OLD, NEW = "8.1.8", "9.1.2"
FAILED = [{"code": "member_failed", "class": "rollback", "instance": "b", "message": "It broke."}]


class SetDriver(Driver):
    """A driver of replication sets that knows what it is told."""

    name, replication, promotes_by_trove = "a_set", True, True

    def __init__(self, forward_only=True, facts=None):
        super().__init__({})
        self.forward_only, self.facts = forward_only, facts

    def read(self, members):
        return {one.id: self.facts[one.id] for one in members}

    def checks(self, facts, saved=()):
        return []

    def blockers(self, facts, unavailable):
        return []

    def texts(self, facts, keep_rollback_path):
        return Texts("rollback path", "point of no return", "backup")


def facts_of(members, source="a"):
    return {one.id: Facts(one.id, one.name, answers=True, version=one.version,
                          role=PRIMARY if one.id == source else REPLICA) for one in members}


def members_of(*ids, run=OLD):
    return [Member(one, f"name-{one}", "10.0.0.1", "ACTIVE", run) for one in ids]


def plan_of(members=None, forward_only=True, source="a", reach="mistral", **given):
    members = members or members_of("a", "b", "c")
    now = ClusterSnapshot(
        cluster={"id": "a", "name": "shop", "datastore": "mysql", "datastore_version": OLD,
                 "task": "NONE", "source": source},
        members=members, versions=VERSIONS, target=version(NEW),
        facts=facts_of(members, source), lock_reach=reach, kind=groups.SET)
    return make_plan(now, SetDriver(forward_only), options(**given), "owner-1")


def test_the_plan_is_in_the_shape_of_its_schema_and_says_that_trove_is_not_held_off():
    plan = plan_of()
    assert complaints("plan", plan) == []
    assert plan["ready"]
    assert plan["waves"] == [["b"], ["c"], ["a"]]
    assert any("Trove itself is not held off" in note for note in plan["notes"])
    assert not any("cluster" in note for note in plan["notes"])


@pytest.mark.parametrize(("given", "backed_up"), [({}, "a"), ({"backup": "skip"}, "")])
def test_the_source_is_backed_up_unless_it_is_not_wanted(given, backed_up):
    plan = plan_of(**given)
    assert plan["job"]["backup"] == backed_up
    assert ("name-a" in plan["backup"]) == bool(backed_up)


def test_nothing_is_backed_up_when_nobody_will_be_touched():
    assert plan_of(members_of("a", "b", run=NEW))["job"]["backup"] == ""


def refused(plan):
    return {check["name"] for check in plan["checks"] if not check["ok"]}


def test_trove_and_the_servers_must_name_the_same_source():
    assert refused(plan_of()) == set()
    members = members_of("a", "b")
    now = ClusterSnapshot(
        cluster={"id": "a", "name": "shop", "datastore": "mysql", "datastore_version": OLD,
                 "task": "NONE", "source": "a"},
        members=members, versions=VERSIONS, target=version(NEW), facts=facts_of(members, "b"),
        lock_reach="mistral", kind=groups.SET)
    assert refused(make_plan(now, SetDriver(), options(), "o")) == {"source_agreed"}


def test_equal_names_are_refused_only_where_a_member_may_have_to_be_rebuilt():
    twins = [dataclasses.replace(one, name="same") for one in members_of("a", "b")]
    assert refused(plan_of(twins)) == {"names_differ"}
    assert refused(plan_of(twins, forward_only=False)) == set()


def step(driver, members, source, todo, progress, **given):
    return waves.next_step(driver, facts_of(members, source), todo, options(**given), progress,
                           None)


def test_forward_only_data_are_baked_before_the_source_moves_and_once_only():
    members = members_of("a", "b", "c")
    before = waves.Progress(waves=2)
    assert step(SetDriver(), members, "a", ["a"], before) == ("bake", [])
    baked = dataclasses.replace(before, baked=True)
    assert step(SetDriver(), members, "a", ["a"], baked) == ("upgrade", ["a"])
    assert step(SetDriver(), members, "a", ["a"], before, bake_sec=0) == ("upgrade", ["a"])
    assert step(SetDriver(forward_only=False), members, "a", ["a"], before) == ("upgrade", ["a"])


def test_a_roll_that_begins_with_the_source_bakes_too():
    """The replicas were upgraded by an earlier roll or run."""
    assert step(SetDriver(), members_of("a", "b"), "a", ["a"], waves.Progress())[0] == "bake"


def test_a_member_that_was_rebuilt_takes_its_place_in_the_plan():
    plan = plan_of()
    now = [*members_of("a", "c"), Member("x", "name-b", "10.0.0.9", "ACTIVE", OLD)]
    followed = groups.followed(plan["members"], now)
    assert [one["id"] for one in followed] == ["a", "x", "c"]
    assert followed[1]["was"] == "b"
    assert followed[1]["address"] == "10.0.0.9"


def test_while_both_are_there_the_old_one_still_counts():
    plan = plan_of()
    now = [*members_of("a", "b", "c"), Member("x", "name-b")]
    assert groups.followed(plan["members"], now) == plan["members"]


def test_a_rebuilt_member_is_not_undone_again_and_is_reported_by_both_ids():
    plan = plan_of()
    now = [*members_of("a", "c"), Member("x", "name-b", "10.0.0.9", "ACTIVE", OLD)]
    facts = facts_of(now)
    followed = plan | {"members": groups.followed(plan["members"], now)}
    assert undo.to_undo(followed, now, facts, "all") == []
    result = verdict.verdict(SetDriver(), plan, now, facts, FAILED, ["b"], [])
    assert complaints("result", result | {"plan": None}) == []
    assert result["status"] == "rolled_back"
    assert [one["id"] for one in result["rolled_back"]] == ["x"]
    assert any("b is gone" in note and "x took" in note for note in result["notes"])


def test_a_set_is_named_by_an_instance_that_is_there():
    plan = plan_of()
    now = [Member("x", "name-a", "", "ACTIVE", OLD), *members_of("b", "c")]
    result = verdict.verdict(SetDriver(), plan, now, facts_of(now, "x"), FAILED, [], [])
    assert result["resume"].startswith("trove-upgrade run --instance x ")
    assert "replication set shop" in result["summary"]


@pytest.mark.parametrize(("size", "run", "alone"), [
    (2, OLD, True), (3, OLD, False), (3, NEW, True)])
def test_a_source_whose_place_nobody_takes_is_let_through_by_the_resume_command(size, run, alone):
    """It is the only one that is well, or nobody but the failed one is left to go."""
    plan, members = plan_of(members_of(*"abc"[:size])), members_of(*"abc"[:size], run=run)
    facts = facts_of(members)
    facts["b"] = Facts("b", "name-b", problems=("b: no answer",))
    result = verdict.verdict(SetDriver(), plan, members, facts, FAILED, [], [])
    assert [one["id"] for one in result["failed"]] == ["b"]
    assert ("--skip-check replicas_ready" in result["resume"]) is alone


@pytest.mark.parametrize(("wanted", "replication", "said"), [
    ("redis", True, "for replication sets are"), ("auto", True, "no driver for replication sets"),
    ("postgresql_replication", False, "for clusters are")])
def test_a_driver_of_the_other_kind_is_refused(wanted, replication, said):
    with pytest.raises(DatastoreError, match=said):
        datastores.choose(wanted, "redis", replication)


def test_a_datastore_of_both_kinds_has_a_driver_for_each():
    assert datastores.choose("auto", "mariadb", True) == "mariadb_replication"
    assert datastores.choose("auto", "mariadb") != "mariadb_replication"


class Instances:
    """Trove's instances as its API shows them; ``moved``: replicas that another already leads."""

    def __init__(self, shown):
        self.shown = {one["id"]: one for one in shown}

    @property
    def instances(self):
        return self

    def get(self, wanted):
        from types import SimpleNamespace

        from troveclient.apiclient.exceptions import NotFound
        if wanted not in self.shown:
            raise NotFound()
        return SimpleNamespace(to_dict=lambda: self.shown[wanted])


def instance(one, of="", replicas=(), **more):
    return {"id": one, "name": one, "created": {"a": "2026-01-01", "b": "2026-01-02"}.get(
        one, "2026-01-03"), **({"replica_of": {"id": of}} if of else {}),
        **({"replicas": [{"id": each} for each in replicas]} if replicas else {}), **more}


def ids(found):
    return [one["id"] for one in found]


@pytest.mark.parametrize("wanted", ["a", "b", "c"])
def test_a_set_is_the_same_from_each_of_its_members_whoever_leads(wanted):
    first = Instances([instance("a", replicas="bc"), instance("b", of="a"), instance("c", of="a")])
    later = Instances([instance("a", of="b"), instance("b", replicas="ac"), instance("c", of="b")])
    assert ids(replication_sets.gather(first, [wanted])) == ["a", "b", "c"]
    assert ids(replication_sets.gather(later, [wanted])) == ["a", "b", "c"]
    assert replication_sets.source_of(replication_sets.gather(first, [wanted]))["id"] == "a"
    assert replication_sets.source_of(replication_sets.gather(later, [wanted]))["id"] == "b"


def test_in_the_middle_of_a_promotion_no_known_member_is_missed():
    torn = Instances([instance("a", replicas="c"), instance("b"), instance("c", of="a")])
    assert ids(replication_sets.gather(torn, ["a", "b", "c"])) == ["a", "b", "c"]


def test_a_member_that_was_deleted_does_not_hide_the_others():
    left = Instances([instance("a", replicas="x"), instance("x", of="a")])
    assert ids(replication_sets.gather(left, ["a", "b"])) == ["a", "x"]


@pytest.mark.parametrize(("shown", "said"), [
    ([], "no instance"), ([instance("a", cluster_id="c1")], "member of cluster c1")])
def test_what_is_no_set_is_refused(shown, said):
    with pytest.raises(UpgradeError, match=said) as refusal:
        replication_sets.gather(Instances(shown), ["a"])
    assert refusal.value.code == "unknown_set"
