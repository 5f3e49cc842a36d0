"""Decisions about PostgreSQL replication sets, from answers as the servers give them."""
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trove_upgrade.datastores.base import PRIMARY, Member
from trove_upgrade.datastores.postgresql_replication import (
    PostgreSQLReplicationDriver,
    gate,
    topology,
)

DRIVER = PostgreSQLReplicationDriver({})

MEMBERS = [Member(f"m{number}", f"orders-{number}", f"10.0.0.{number}") for number in range(3)]


def sender(sync="async", state="streaming"):
    return {"state": state, "sync_state": sync}


def answers(**changes):
    """One source and two standbys; changes: {member: {field: value}}."""
    common = {"version": "18.4 (Debian)", "started": "2026-01-01", "system": "7", "paused": False,
              "position": 5_000_000, "fenced": False, "synchronous": ""}
    standby = {**common, "standby": True, "receiver": "streaming", "senders": []}
    found = {"m0": {**common, "standby": False, "receiver": None,
                    "senders": [sender(), sender()]},
             "m1": standby, "m2": standby}
    return {one: {**answer, **changes.get(one, {})} for one, answer in found.items()}


def facts(**changes):
    return topology.build(MEMBERS, answers(**changes))


def refused(found):
    return {check.name: check.message for check in DRIVER.checks(found) if not check.ok}


def test_a_healthy_set_passes_every_check_and_lets_a_standby_go():
    found = facts()
    assert refused(found) == {}
    assert DRIVER.blockers(found, {"m1"}) == []
    assert (found["m0"].role, found["m0"].version) == (PRIMARY, "18.4")


def test_replay_counts_and_not_what_is_only_received():
    found = facts(m1={"position": 5_000_000 - topology.LAG_BYTES - 1})
    assert "in replay" in DRIVER.blockers(found, {"m2"})[0]
    assert DRIVER.blockers(found, {"m1"}) == []


@pytest.mark.parametrize(("change", "word"), [
    ({"receiver": None}, "does not stream"), ({"receiver": "waiting"}, "waiting"),
    ({"paused": True}, "paused")])
def test_a_standby_that_is_not_fed_closes_the_gate(change, word):
    assert any(word in one for one in DRIVER.blockers(facts(m1=change), {"m2"}))


def test_a_fenced_source_is_told():
    found = facts(m0={"fenced": True})
    assert "takes no writes" in refused(found)["members_healthy"]


def test_a_standby_that_follows_another_is_told():
    found = facts(m0={"senders": [sender()]})
    assert "feeds 1 of the 2" in refused(found)["members_match"]
    assert DRIVER.blockers(found, {"m1"}) != []


def test_a_copy_of_another_server_is_told():
    found = facts(m2={"system": "8"})
    assert refused(found)["members_match"] == "orders-2 has a system identifier of its own."


def test_a_standby_that_waits_is_not_counted_as_fed():
    found = facts(m0={"senders": [sender(), sender(state="catchup")]})
    assert "feeds 1 of the 2" in DRIVER.blockers(found, {"m1"})[0]


def test_synchronous_standbys_are_respected():
    one = facts(m0={"synchronous": "ANY 1 (*)", "senders": [sender("quorum"), sender("quorum")]})
    two = facts(m0={"synchronous": "FIRST 2 (a, b)", "senders": [sender("sync"), sender("sync")]})
    assert DRIVER.blockers(one, {"m1"}) == []
    assert DRIVER.blockers(two, {"m1"}) == ["commits on orders-0 wait for 2 synchronous standbys "
                                           "and 1 would be left"]
    assert "synchronous_standbys" in refused(two)
    assert "synchronous_standbys" not in refused(one)


@pytest.mark.parametrize(("setting", "needed"), [
    ("", 0), ("a, b", 1), ("*", 1), ("2 (a, b, c)", 2), ("FIRST 1 (a)", 1), ("any 2(a,b,c)", 2)])
def test_setting_of_synchronous_standbys_says_how_many(setting, needed):
    assert gate.needed_standbys(setting) == needed


def test_a_silent_member_closes_the_gate_for_all_others():
    found = topology.build(MEMBERS, answers() | {"m1": {"error": "m1: gone", "code": "no_answer"}})
    assert "m1: gone" in DRIVER.blockers(found, {"m2"})
    assert "native_access" in refused(found)


def test_a_silent_standby_is_the_one_that_is_away():
    changed = answers(m0={"synchronous": "ANY 1 (*)", "senders": [sender("quorum")]})
    silent = {"m1": {"error": "m1: gone", "code": "no_answer"}}
    assert "synchronous_standbys" not in refused(topology.build(MEMBERS, changed | silent))
    changed["m0"]["senders"] = []
    assert "synchronous_standbys" in refused(topology.build(MEMBERS, changed | silent))


@pytest.mark.parametrize(("inserted", "end"), [
    (8192 * 3 + 24, 8192 * 3), (8192 * 3 + 40, 8192 * 3), (8192 * 3 + 100, 8192 * 3 + 100),
    (8192 * 3, 8192 * 3)])
def test_the_header_of_an_empty_page_is_nothing_to_replay(inserted, end):
    assert topology.end_of(inserted) == end


states = st.fixed_dictionaries({
    "standby": st.booleans(), "receiver": st.sampled_from(["streaming", "waiting", None]),
    "paused": st.booleans(), "fenced": st.booleans(),
    "position": st.integers(0, 10 * topology.LAG_BYTES)})


@given(st.lists(states, min_size=3, max_size=3), st.sampled_from(["", "ANY 1 (*)", "ANY 2 (*)"]),
       st.integers(0, 2), st.sampled_from(["m0", "m1", "m2"]))
def test_an_open_gate_leaves_one_writable_source_and_only_caught_up_standbys(
        drawn, synchronous, fed, unavailable):
    changes = dict(zip(("m0", "m1", "m2"), drawn, strict=True))
    changes = {one: {**change, "synchronous": synchronous,
                     "senders": [sender("quorum")] * fed} for one, change in changes.items()}
    found = facts(**changes)
    if DRIVER.blockers(found, {unavailable}):
        return
    stay = [one for one in found.values() if one.id != unavailable]
    sources = [one for one in stay if one.role == PRIMARY]
    assert len(sources) == 1
    assert not sources[0].native["fenced"]
    assert all(one.native["receiver"] == "streaming" and one.native["behind"] <= topology.LAG_BYTES
               for one in stay if one.role != PRIMARY)
    assert found[unavailable].role != PRIMARY
