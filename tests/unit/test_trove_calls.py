"""How often a run asks Trove, and what it writes down: so much a member, whatever their number."""
import collections
import json
import warnings
from types import SimpleNamespace

import pytest
from trove_upgrade.datastores.base import Driver, Facts
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.planning.snapshot import ClusterSnapshot
from trove_upgrade.schemas import UpgradeError

from tests.unit.acting import acting_on
from tests.unit.conftest import options
from tests.unit.trove_model import OWNER, Books, Lock, Record, Row

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import completion, member, switchover, wave

VERSIONS = [{"id": f"id-{one}", "name": one, "number": one} for one in ("8.1.8", "9.1.2")]
FEW, MANY = 6, 24


class Guests(Driver):
    """Members that are upgraded at once, and the driver that asks them."""

    name = "instant"

    def __init__(self, members):
        super().__init__({})
        self.versions = {f"m{number}": "8.1.8" for number in range(members)}
        rows = [Row(one, f"orders-{one}", "8.1.8", f"10.0.0.{number}", number)
                for number, one in enumerate(self.versions)]
        self.books = Books(self, "redis", VERSIONS, rows, "orders")
        self.calls = collections.Counter()
        client = self.books.trove._client
        for kind, method in ((client.clusters, "get"), (client.instances, "get"),
                             (client.instances, "upgrade")):
            self._count(kind, method, "cluster" if kind is client.clusters else method)

    def _count(self, kind, method, word):
        ask = getattr(kind, method)

        def counted(*given):
            self.calls[word] += 1
            return ask(*given)
        setattr(kind, method, counted)

    def tick(self):
        pass

    def upgrade(self, one, number):
        self.versions[one] = number

    def read(self, members):
        return {one.id: Facts(one.id, one.name, answers=True, version=self.versions[one.id],
                              identity=self.versions[one.id], domain=one.name) for one in members}

    def checks(self, facts, saved=()):
        return []

    def blockers(self, facts, unavailable):
        return []

    def texts(self, facts, keep_rollback_path):
        return SimpleNamespace(rollback_path="", point_of_no_return="", backup="", finalize=(),
                               notes=())

    def plan(self):
        group = self.books.trove.cluster("c1")
        members = self.books.trove.members(group.pop("members"))
        made = make_plan(ClusterSnapshot(group, members, VERSIONS, VERSIONS[-1],
                                         self.read(members)), self,
                         options(bake_sec=0, gate_passes=1), OWNER)
        return made | {"job": made["job"] | {"try_sec": 0, "poll_sec": 0}}


def roll(members):
    """The guests, and the longest input or answer of each step, in characters."""
    guests, longest = Guests(members), collections.Counter()
    record = Record(guests.plan())
    guests.calls.clear()

    def do(action, **given):
        made = action(OWNER, **given)
        made.remember(record)
        told = made.step(guests.books.trove, Lock())
        longest[action.__name__] = max(longest[action.__name__], len(json.dumps(given)),
                                       len(json.dumps(told)))
        return told

    with acting_on(guests):
        waves = 0
        while (step := do(wave.ChooseWave, progress={"waves": waves, "paused_at": -1,
                                                     "baked": True}))["next"] == "upgrade":
            for one in step["members"]:
                do(switchover.Switchover, member=one)
                do(member.RequestUpgrade, member=one)
                guests.books.rows[one].status = "ACTIVE"
                do(member.AwaitEvidence, member=one)
            waves += 1
        do(completion.Verify)
        do(completion.AwaitTrove)
    assert waves == members
    return guests, longest


@pytest.mark.parametrize("members", [FEW, MANY])
def test_the_cluster_is_asked_for_once_a_wave_and_each_member_once_before_it_is_upgraded(members):
    guests, _ = roll(members)
    assert guests.calls == {"get": members, "upgrade": members,
                            "cluster": members + 3}     # no wave is left, Verify, AwaitTrove


def test_no_step_is_told_more_or_tells_more_where_there_are_more_members():
    few, many = roll(FEW)[1], roll(MANY)[1]
    assert {one: many[one] - few[one] for one in few if many[one] > few[one] + 4} == {}
    assert max(many.values()) < 200


def test_a_roll_that_begins_once_more_asks_trove_for_what_the_plan_may_not_know():
    """The first has asked Trove for an upgrade that failed, so the target is recorded by now."""
    guests = Guests(FEW)
    record = Record(guests.plan())

    def choose(waves):
        with acting_on(guests):
            made = wave.ChooseWave(OWNER, {"waves": waves, "paused_at": -1, "baked": True})
            made.remember(record)
            return made.step(guests.books.trove, Lock())["members"][0]

    first = choose(0)
    guests.books.rows[first].version = "9.1.2"
    assert choose(0) == first
    assert record.wave()["members"][first]["recorded"] == "9.1.2"
    second = choose(1)
    assert record.wave()["done"] == [first]
    guests.calls.clear()
    assert choose(1) == second
    assert guests.calls == {"cluster": 1, "get": 1}, "once anew, always asked"


def test_no_wave_is_chosen_while_somebody_else_upgrades_a_member():
    guests = Guests(FEW)
    plan = guests.plan()
    plan["job"]["try_sec"] = 0
    last = plan["waves"][-1][0]
    guests.books.rows[last].status = "UPGRADE"
    with acting_on(guests):
        made = wave.ChooseWave(OWNER, {"waves": 0, "paused_at": -1, "baked": True})
        made.remember(Record(plan))
        with pytest.raises(UpgradeError, match="Another upgrade seems to be under way") as closed:
            made.step(guests.books.trove, Lock())
    assert (closed.value.code, closed.value.klass) == ("gate_closed", "retry")
