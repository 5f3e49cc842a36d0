"""Over random clusters and faults the driver without a datastore breaks no invariant: by Trove's
word alone, one member at a time, in the order of their names."""
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trove_upgrade.datastores.generic import GenericDriver
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.planning.snapshot import ClusterSnapshot
from trove_upgrade.schemas import read_input

from tests.unit import rehearsal
from tests.unit.acting import Acting, skipped_by
from tests.unit.rehearsal import options
from tests.unit.trove_model import OWNER, Books, Row

OLD, NEW = "7.0.3", "7.2.0"
VERSIONS = [{"id": f"id-{number}", "name": number, "number": number} for number in (OLD, NEW)]
UNWELL = ["BACKUP", "BUILD", "ERROR", "FAILED", "REBOOT", "RESIZE", "RESTART_REQUIRED", "SHUTDOWN"]
WELL = ("ACTIVE", "HEALTHY")


class ModelDriver(GenericDriver):
    """The real driver, whose pauses are not waited for."""

    poll_sec = 0.0


@dataclass
class Node:
    """A guest; its ``coming`` is in looks, None while nobody is at work on it."""

    version: str
    up: bool = True
    coming: int | None = None
    wanted: str = ""


class Cluster:
    """Members of a cluster that Trove alone knows of.

    :ivar broken: id -> ``broken``: the new version fails; ``lost``: every version does.
    :ivar unwell: (how many were made unavailable before, who then gets which status, for how many
        looks).
    :ivar sick: ids of those that stay unwell until they are upgraded.
    """

    def __init__(self, names, upgraded=(), slow=1):
        self.nodes, rows = {}, []
        for number, name in enumerate(names):
            version = NEW if number in upgraded else OLD
            self.nodes[f"m{number}"] = Node(version)
            rows.append(Row(f"m{number}", name, version, f"10.0.0.{number + 1}", number))
        self.books = Books(self, "couchbase", VERSIONS, rows, "shop")
        self.driver, self.slow = ModelDriver({}), slow
        self.taken, self.broken, self.unwell, self.sick = [], {}, None, set()
        self.fell_ill = set()

    @property
    def members(self):
        return self.books.trove.members(self.books.trove.cluster("c1")["members"])

    def plan(self, **given):
        group, members = self.books.trove.cluster("c1"), self.members
        del group["members"]
        chosen = read_input({"cluster_id": "c1", "datastore_version": NEW, "bake_sec": 0,
                             "gate_passes": 1, **given})
        now = ClusterSnapshot(group, members, VERSIONS, VERSIONS[-1], self.driver.read(members))
        return make_plan(now, self.driver, chosen, OWNER)

    def heal(self):
        self.broken, self.unwell, self.sick = {}, None, set()
        for one, row in self.books.rows.items():
            row.status = "ACTIVE" if self.nodes[one].up else "ERROR"

    def tick(self):
        for one, node in self.nodes.items():
            if node.coming is not None:
                node.coming -= 1
                if node.coming < 0:
                    self._arrive(one, node)
        if self.unwell and self.unwell[0] <= len(self.taken):
            self._be_unwell(*self.unwell[1:])

    def _be_unwell(self, one, status, looks):
        row = self.books.rows[one]
        if self.nodes[one].up and row.status in (*WELL, status):
            row.status = status if looks else "ACTIVE"
            self.fell_ill = {one}
            self.unwell = (0, one, status, looks - 1) if looks else None

    def _arrive(self, one, node):
        how = self.broken.get(one)
        self.sick.discard(one)
        node.coming, node.version = None, node.wanted
        node.up = not (how == "lost" or how and node.wanted == NEW)
        self.books.rows[one].status = "ACTIVE" if node.up else "ERROR"

    def upgrade(self, one, number):
        agreed = self._agreed(one, number)
        others = [row for row in self.books.rows.values() if row.id not in (one, *agreed)]
        assert all(row.status in WELL for row in others), "another member is not ACTIVE"
        assert all(self.nodes[row.id].up for row in others), "two members are unavailable"
        self.taken.append((one, number))
        node = self.nodes[one]
        node.up, node.wanted, node.coming = False, number, self.slow

    def _agreed(self, one, number):
        """Those that may be broken while this one is made unavailable: broken, too, it was chosen
        before them. When it goes back it may have become well since."""
        if number == NEW:
            return self.sick if one in self.sick else set()
        return {each for each, row in self.books.rows.items() if row.version == NEW}


@st.composite
def clusters(draw):
    names = draw(st.permutations([f"shop-{number}" for number in range(draw(st.integers(1, 7)))]))
    upgraded = draw(st.sets(st.integers(0, len(names) - 1), max_size=3))
    return Cluster(names, upgraded, draw(st.integers(0, 60)))


def rehearse(data):
    model = data.draw(clusters())
    plan = model.plan(**data.draw(options))
    assert plan["ready"], plan["checks"]
    return Acting(model, plan, origin=OLD)


def names_of(run, version):
    return [run.cluster.books.rows[one].name for one, to in run.taken if to == version]


@given(st.data())
@settings(max_examples=100)
def test_every_member_is_upgraded_once_in_the_order_of_names(data):
    run = rehearse(data)
    rehearsal.assert_all_upgraded_once(run)
    assert names_of(run, NEW) == sorted(names_of(run, NEW))
    assert all(len(wave) == 1 for wave in run.plan["waves"])


@given(st.data())
@settings(max_examples=100)
def test_broken_members_that_a_person_agreed_to_go_before_all_others(data):
    model = data.draw(clusters())
    model.sick = data.draw(st.sets(st.sampled_from(sorted(model.nodes)), min_size=1, max_size=3))
    for one in model.sick:
        model.books.rows[one].status = data.draw(st.sampled_from(UNWELL))
    sick = sorted(model.sick)
    assert not model.plan()["ready"]
    plan = model.plan(skip_checks="members_active,members_healthy", **data.draw(options))
    assert plan["ready"], plan["checks"]
    run = Acting(model, plan, origin=OLD)
    rehearsal.assert_all_upgraded_once(run)
    assert sorted(one for one, _ in run.taken[:len(sick)]) == sick


def went_wrong(data):
    """A run with broken members, one that is unwell for a while, or an abort."""
    run = rehearse(data)
    model, todo = run.cluster, rehearsal.todo_of(run.plan)
    if todo:
        model.broken = data.draw(st.dictionaries(st.sampled_from(todo),
                                                 st.sampled_from(["broken", "lost"]), max_size=3))
        run.abort_at = data.draw(st.none() | st.integers(0, len(todo)))
    model.unwell = data.draw(st.none() | st.tuples(
        st.integers(0, 3), st.sampled_from(sorted(model.nodes)), st.sampled_from(UNWELL),
        st.integers(1, 500)))
    before = rehearsal.versions_of(model)
    return run, before, run.run()


@given(st.data())
@settings(max_examples=100)
def test_after_a_failure_nothing_is_touched_but_to_undo_it(data):
    run, before, result = went_wrong(data)
    model, forward = run.cluster, [one for one, to in run.taken if to == NEW]
    rehearsal.assert_each_in_one_list(run.plan, result)
    assert result["errors"] or not run.lock.abort
    rehearsal.assert_nothing_goes_forward_after_it_went_back(run)
    assert not set(forward[:-1]) & set(model.broken), "it went on after the first failure"
    back = [one for one, to in run.taken if to == OLD]
    assert set(back) <= set(forward)
    assert len(back) == len(set(back))
    if run.plan["options"]["on_failure"] != "rollback":
        assert set(back) <= {*forward[-1:], *run.cluster.fell_ill}
    elif len(run.errors) == 1:        # the undoing met no other
        assert rehearsal.versions_of(model) == before
    named = {error["instance"] for error in run.errors}
    failed = {one["id"] for one in result["failed"]} & set(rehearsal.todo_of(run.plan))
    assert failed <= named | model.fell_ill
    assert all(model.books.rows[one].name in result["summary"] for one in failed)


@given(st.data())
@settings(max_examples=100)
def test_a_second_run_finishes_what_the_first_left(data):
    first, _, result = went_wrong(data)
    model = first.cluster
    model.heal()
    done = {one for one, node in model.nodes.items() if node.up and node.version == NEW}
    before = len(model.taken)
    plan = model.plan(skip_checks=skipped_by(result["resume"]))
    assert plan["ready"], plan["checks"]
    found = Acting(model, plan, origin=OLD).run()
    assert found["status"] in ("upgraded", "nothing_to_do"), found["summary"]
    assert done.isdisjoint(one for one, _ in model.taken[before:])


@pytest.mark.parametrize("status", ["", *UNWELL])
def test_a_member_that_is_not_active_closes_the_gate_for_all_others(status):
    model = Cluster(["a", "b", "c"])
    run = Acting(model, model.plan(), origin=OLD)
    model.books.rows["m1"].status = status
    assert not model.plan()["ready"]
    for unavailable in ({"m0"}, {"m2"}, ()):
        assert model.driver.blockers(model.driver.read(model.members), unavailable) == [
            f"Trove calls b {status or 'unknown'}"]
    assert model.driver.blockers(model.driver.read(model.members), {"m1"}) == []
    run.plan["members"][1]["done"] = True       # so that it is none of those to be upgraded
    result = run.run()
    assert run.taken == []
    assert [one["code"] for one in result["errors"]] == ["gate_closed"]
