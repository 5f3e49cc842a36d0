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


def sender(sync="async", state="streaming", name="walreceiver"):
    return {"name": name, "state": state, "sync_state": sync}


def answers(**changes):
    """One source and two standbys; changes: {member: {field: value}}."""
    common = {"version": "18.4 (Debian)", "started": "2026-01-01", "system": "7", "paused": False,
              "position": 5_000_000, "fenced": False, "synchronous": "",
              "known_as": "walreceiver", "delay": "0", "overrides": [], "lacking": [],
              "relaxed": [], "archiving": "", "logical": [], "unasked": [],
              "closed": False}
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
    assert found["m2"].server_id == "8"


def test_a_standby_that_waits_is_not_counted_as_fed():
    found = facts(m0={"senders": [sender(), sender(state="catchup")]})
    assert "feeds 1 of the 2" in DRIVER.blockers(found, {"m1"})[0]


def test_synchronous_standbys_are_respected():
    one = facts(m0={"synchronous": "ANY 1 (*)", "senders": [sender("quorum"), sender("quorum")]})
    two = facts(m0={"synchronous": "FIRST 2 (*)", "senders": [sender("sync"), sender("sync")]})
    assert DRIVER.blockers(one, {"m1"}) == []
    assert DRIVER.blockers(two, {"m1"}) == ["commits on orders-0 wait for 2 synchronous standbys "
                                           "and 1 would be left"]
    assert "synchronous_standbys" in refused(two)
    assert "synchronous_standbys" not in refused(one)




@pytest.mark.parametrize(("setting", "needed", "names"), [
    ("", 0, set()), ("a, b", 1, {"a", "b"}), ("*", 1, {"*"}), ("2 (a, b, c)", 2, set("abc")),
    ("FIRST 1 (a)", 1, {"a"}), ("any 2(a,B)", 2, {"a", "b"}), ('ANY 1 ("S-1", s2)', 1,
                                                              {"s-1", "s2"})])
def test_setting_of_synchronous_standbys_says_how_many_and_whom(setting, needed, names):
    assert gate.synchronous(setting) == (needed, names)


def test_a_standby_that_no_commit_waits_for_may_go():
    found = facts(m0={"synchronous": "near", "senders": [sender("sync"), sender()]},
                  m1={"known_as": "near"}, m2={"known_as": "far"})
    assert DRIVER.blockers(found, {"m2"}) == []
    assert "commits on orders-0 wait" in DRIVER.blockers(found, {"m1"})[0]


@pytest.mark.parametrize(("setting", "fit"), [
    ("shop_dr", False), ("ANY 1 (*)", True), ("ANY 2 (*)", False), ("walreceiver", True)])
def test_who_would_wait_for_ever_if_it_led_is_no_candidate(setting, fit):
    found = facts(m1={"synchronous": setting})
    assert DRIVER.candidate(found, "m0", "") == ("m1" if fit else "m2")
    assert refused(found) == {}
    both = facts(m1={"synchronous": setting}, m2={"synchronous": setting})
    assert ("replicas_ready" in refused(both)) != fit
    assert fit or f"synchronous_standby_names = {setting}" in refused(both)["replicas_ready"]


def test_the_only_standby_would_have_nobody_to_wait_for():
    """The former source is unavailable next."""
    found = facts(m0={"senders": [sender()]}, m1={"synchronous": "*"})
    del found["m2"]
    assert "if orders-1 led" in refused(found)["replicas_ready"]


def test_a_delayed_standby_holds_up_nobody_and_is_no_candidate():
    late = {"delay": "1h", "position": 0}
    found = facts(m1=late)
    assert DRIVER.blockers(found, {"m2"}) == []
    assert DRIVER.candidate(found, "m0", "") == "m2"
    assert DRIVER.waves(found, ["m0", "m1", "m2"], False) == [["m2"], ["m1"], ["m0"]]
    assert refused(found) == {}
    told = "orders-1 is delayed by 1h (recovery_min_apply_delay)"
    assert any(told in note for note in DRIVER.texts(found, True).notes)
    assert told in refused(facts(m1=late, m2=late))["replicas_ready"]


@pytest.mark.parametrize(("override", "told"), [
    ({"role": "app", "database": None, "value": "off"}, "role app has"),
    ({"role": None, "database": "shop", "value": "false"}, "database shop has"),
    ({"role": "app", "database": "shop", "value": "0"}, "role app in database shop has"),
    ({"role": "app", "database": None, "value": "on"}, ""),
    ({"role": "app", "database": None, "value": "TRUE"}, "")])
def test_whose_settings_override_the_fence_is_told(override, told):
    found = refused(facts(m0={"overrides": [override]}))
    assert told in found.get("fence_holds", "")
    assert ("fence_holds" in found) == bool(told)


def test_a_standby_whose_library_sorts_otherwise_or_lacks_an_extension_is_no_candidate():
    """As the first one that is upgraded tells it."""
    newer = {"collations": {"shop": "2.41"}, "lacking": ["postgis"]}
    found = facts(m1=newer)
    assert DRIVER.candidate(found, "m0", "") == "m2"
    assert DRIVER.unfit(found, "m1") == [
        "orders-1 sorts database shop by collation version 2.41, which is not the recorded one: "
        "its indexes may be wrong", "orders-1 lacks the extension postgis"]
    accepted = PostgreSQLReplicationDriver({"accept_other_libraries": True})
    assert accepted.unfit(found, "m1") == []


def test_what_is_not_right_on_the_source_either_keeps_no_standby_from_leading():
    odd = {"collations": {"shop": None}, "lacking": ["postgis"]}
    assert DRIVER.unfit(facts(m0=odd, m1=odd), "m1") == []


MIB = 2 ** 20


def wal(keep=0, slots_keep=-1, slots=(), slot="", restore="", rate=0, sec=topology.RATE_SEC):
    return {"wal_keep": keep, "slots_keep": slots_keep, "slots": list(slots), "slot": slot,
            "restore": restore, "wal_sec": sec, "wal_bytes": rate * sec}


@pytest.mark.parametrize(("source", "standby", "refused_for"), [
    (wal(rate=MIB), wal(), "orders-0 would keep 0 MiB of WAL for orders-1, and 600 MiB are "
     "written in 600 s"),
    (wal(rate=MIB, keep=512 * MIB), wal(), "keep 512 MiB"), (wal(rate=MIB, keep=601 * MIB),
                                                              wal(), ""),
    (wal(rate=1000), wal(), ""), (wal(rate=MIB, sec=9), wal(), ""),
    (wal(rate=MIB), wal(restore="cp ..."), ""),
    (wal(rate=MIB, slots=["one"]), wal(slot="one"), ""),
    (wal(rate=MIB, slots=["one"]), wal(slot="other"), "keep 0 MiB"),
    (wal(rate=MIB, slots=["one"]) | {"idle_sec": 60}, wal(slot="one"), "keep 0 MiB"),
    (wal(rate=MIB, slots=["one"]) | {"idle_sec": 600}, wal(slot="one"), ""),
    (wal(rate=MIB, slots=["one"], slots_keep=100 * MIB), wal(slot="one"), "keep 100 MiB"),
    ({}, {}, "")])
def test_a_standby_for_which_the_wal_does_not_last_stays(source, standby, refused_for):
    found = facts(m0=source, m1=standby, m2=wal(restore="cp ...") if standby else {})
    assert ("wal_kept" in refused(found)) == bool(refused_for)
    assert bool(DRIVER.blockers(found, {"m1"})) == bool(refused_for)
    assert DRIVER.blockers(found, {"m2"}) == []
    if refused_for:
        assert refused_for in refused(found)["wal_kept"]
        patient = PostgreSQLReplicationDriver({"unavailable_sec": 10})
        assert patient.blockers(found, {"m1"}) == []


def test_logical_slots_that_a_standby_lacks_are_told():
    """Their subscribers would get nothing more from it."""
    told = "that are not on every standby: cdc. When"
    assert told in " ".join(DRIVER.texts(facts(m0={"logical": ["cdc"]}), True).notes)
    everywhere = {one: {"logical": ["cdc"]} for one in ("m0", "m1", "m2")}
    assert "not on every standby" not in " ".join(DRIVER.texts(facts(**everywhere), True).notes)


def test_who_would_not_keep_the_wal_of_the_former_source_is_no_candidate():
    plenty = wal(keep=601 * MIB, rate=MIB)
    found = facts(m0=plenty, m1=wal(), m2=plenty)
    assert DRIVER.candidate(found, "m0", "") == "m2"
    assert "if it led, orders-1 would keep 0 MiB of WAL for orders-0" in DRIVER.unfit(
        found, "m1")[0]


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


def test_wal_that_is_not_archived_is_told_by_its_name():
    found = refused(facts(m1={"archiving": "0000000100000000000000A3"}))
    assert "orders-1 fails to archive its WAL" in found["archiving_works"]
    assert "0000000100000000000000A3" in found["archiving_works"]
    assert "archiving_works" not in refused(facts())


def test_the_plan_tells_settings_that_acknowledge_writes_before_they_are_on_disk():
    found = facts(m0={"relaxed": ["fsync = off", "synchronous_commit = off"]})
    told = " ".join(DRIVER.texts(found, True).notes)
    assert "fsync = off on orders-0, synchronous_commit = off on orders-0: a member that" in told
    assert "that crashes" not in " ".join(DRIVER.texts(facts(), True).notes)


@pytest.mark.parametrize(("source", "standby", "told"), [
    ({"senders": [sender(), sender(), sender(name="dr")]}, {}, "no member's by their names (dr)"),
    ({"senders": [sender()] * 3}, {}, "no member's by their names (walreceiver)"),
    ({"senders": [sender()] * 3}, {"known_as": ""}, ""),
    ({"unasked": ["shop", "wiki"]}, {}, "of one database, not of shop, wiki"),
    ({"version": "13.9"}, {}, "does not tell how fast it writes WAL")])
def test_the_plan_tells_whom_and_what_nobody_asks(source, standby, told):
    wal = {"wal_keep": 0, "slots_keep": -1, "slots": [], "slot": "", "restore": "", "wal_sec": 0,
           "wal_bytes": 0} if "version" not in source else {}
    notes = DRIVER.texts(facts(m0={**wal, **source}, m1=standby), True).notes
    seen = [one for one in notes if "by their names" in one or "one database" in one
            or "how fast it writes WAL" in one]
    assert [told in one for one in seen] == [True] * bool(told)


def test_a_standby_that_has_read_damaged_pages_is_no_candidate():
    found = facts(m1={"damaged": 3}, m2={"damaged": 0})
    assert DRIVER.unfit(found, "m1") == [
        "orders-1 has read 3 damaged pages (checksum_failures of pg_stat_database)"]
    assert DRIVER.candidate(found, "m0", "") == "m2"


def test_a_standby_that_would_refuse_writes_by_its_own_configuration_is_no_candidate():
    found = facts(m1={"closed": True, "fenced": True})
    assert DRIVER.unfit(found, "m1") == [
        "orders-1 would refuse writes (its own configuration sets default_transaction_read_only)"]
    assert DRIVER.candidate(found, "m0", "") == "m2"
