"""Which upgrade a command acts on."""
import uuid

import pytest
from trove_upgrade.interfaces import progress, selection
from trove_upgrade.interfaces.errors import UpgradeNotFound


class Upgrades:
    """Those of a Mistral; the newest is given first: (cluster as asked, state, result, plan)."""

    def __init__(self, *runs):
        self.runs = [{"id": str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))), "state": state,
                      "workflow_name": "trove_upgrade.cluster", "created_at": "2026-01-01 00:00:00",
                      "input": {"cluster_id": asked, **more}, "result": result, "plan": plan}
                     for number, (asked, state, result, plan, more) in enumerate(runs)]
        self.ids = [one["id"] for one in self.runs]

    def each(self, **_):
        return iter(self.runs)

    def newest(self):
        return self.ids[0]

    def progress(self, execution_id):
        for one in self.runs:
            if one["id"] == execution_id:
                plan = one["plan"] or {}
                members = [progress.Member(f"{name}-id", name) for name in plan.get("set", ())]
                return progress.Progress(execution_id, one["state"], "done", plan=one["plan"],
                                         cluster=plan.get("cluster", {}).get("name", ""),
                                         result=one["result"], untouched=members)
        raise UpgradeNotFound("not found")


def run(asked="c-1", state="RUNNING", name="orders", result=None, members=(), **more):
    plan = {"cluster": {"id": "c-1" if asked == name else asked, "name": name}, "set": members,
            "job": {"kind": "replication_set" if members else "cluster"}}
    return asked, state, result, plan, more


DONE = {"upgraded": [{"id": "m"}]}
OVER = run("c-2", "SUCCESS", "invoices", DONE)


def test_without_a_name_only_one_under_way_is_acted_on():
    known = Upgrades(OVER, run(), OVER)
    assert selection.under_way(known) == known.ids[1]
    assert selection.newest(known) == known.ids[0]


@pytest.mark.parametrize("runs", [(), (OVER,), (OVER, run(state="ERROR", result=DONE)),
                                  (run(dry_run=True),), (run(dry_run="True"),)])
def test_with_none_under_way_nothing_is_done(runs):
    with pytest.raises(UpgradeNotFound, match="No upgrade is under way here"):
        selection.under_way(Upgrades(*runs))


@pytest.mark.parametrize("state", ["RUNNING", "PAUSED", "IDLE"])
def test_with_several_under_way_all_are_named_and_nothing_is_done(state):
    known = Upgrades(run(), run("c-2", state, "invoices"))
    with pytest.raises(UpgradeNotFound) as caught:
        selection.under_way(known)
    for words in (*known.ids, "c-1, RUNNING", f"c-2, {state}", "Name one"):
        assert words in str(caught.value)


@pytest.mark.parametrize("wanted", ["c-1", "orders"])
@pytest.mark.parametrize("asked", ["c-1", "orders"])
def test_a_cluster_is_taken_by_id_or_name(wanted, asked):
    known = Upgrades(run("c-2", name="invoices"), run(asked), run(asked, "ERROR"))
    for choose in (selection.under_way, selection.newest, selection.to_undo):
        assert choose(known, wanted) == known.ids[1]


@pytest.mark.parametrize("wanted", ["db-1", "db-2-id", "s-1"])
def test_a_set_is_taken_by_any_of_its_instances(wanted):
    known = Upgrades(run(), run("s-1", name="db-1", members=("db-1", "db-2")))
    assert selection.under_way(known, wanted) == known.ids[1]


def test_members_of_a_cluster_do_not_name_it():
    asked, state, result, plan, more = run(members=("m-1",))
    known = Upgrades((asked, state, result, {**plan, "job": {}}, more))
    with pytest.raises(UpgradeNotFound, match="No upgrade of m-1 is under way"):
        selection.under_way(known, "m-1")


def test_an_execution_that_is_named_is_meant():
    known = Upgrades(run(), run("c-2"), OVER)
    for choose in (selection.under_way, selection.newest, selection.to_undo):
        assert choose(known, known.ids[2]) == known.ids[2]


@pytest.mark.parametrize("wanted", ["nothing", "a/b?c", str(uuid.UUID(int=7))])
def test_what_names_nothing_is_said(wanted):
    for choose, words in ((selection.under_way, "is under way"), (selection.newest, "not found"),
                          (selection.to_undo, "could be undone")):
        with pytest.raises(UpgradeNotFound, match=words) as caught:
            choose(Upgrades(run()), wanted)
        assert wanted in str(caught.value)


def test_the_newest_that_stands_of_the_only_cluster_is_undone():
    refused = run("orders", "ERROR", result={"upgraded": []})
    known = Upgrades(refused, run("orders", "ERROR", result=DONE),
                     run("c-1", "SUCCESS", result=DONE))
    assert selection.to_undo(known) == known.ids[1]


def test_clusters_of_one_name_are_several():
    known = Upgrades(run("c-1", "ERROR", result=DONE), run("c-2", "ERROR", result=DONE))
    with pytest.raises(UpgradeNotFound, match="Several upgrades of orders could be undone"):
        selection.to_undo(known, "orders")


def test_with_several_clusters_to_undo_nothing_is_done():
    known = Upgrades(run("c-1", "ERROR", result=DONE), OVER)
    with pytest.raises(UpgradeNotFound, match="Several upgrades could be undone") as caught:
        selection.to_undo(known)
    assert all(one in str(caught.value) for one in known.ids)
    assert selection.to_undo(known, "invoices") == known.ids[1]
