"""Decisions that all drivers of replication sets share."""
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trove_upgrade.datastores import plugins, replication
from trove_upgrade.datastores.base import MEMBER, PRIMARY, REPLICA, Facts, unreachable
from trove_upgrade.datastores.mariadb_replication import MariaDBReplicationDriver
from trove_upgrade.datastores.mysql_replication import MySQLReplicationDriver, leading
from trove_upgrade.datastores.postgresql_replication import PostgreSQLReplicationDriver


def member(name, role=REPLICA, behind=0, version="1.1", problems=(), answers=True, unfit=()):
    native = {"behind": behind, "unfit": unfit, "synchronous": "", "collations": {}, "wal": {},
              "lacking": [], "plugins": plugins.answer([], []),
              **leading.answer({}, {}, [], {})}
    return Facts(name, name, answers=answers, version=version, role=role, problems=problems,
                 native=native)


def of(*members):
    return {one.id: one for one in members}


def healthy():
    return of(member("a", PRIMARY), member("b"), member("c"))


def test_a_replica_may_go_and_the_source_may_not():
    assert replication.blockers(healthy(), {"b"}) == []
    assert replication.blockers(healthy(), {"a"}) == [
        "a is the source", "no member calls itself the source"]


def test_nobody_may_go_while_another_complains():
    facts = healthy() | of(member("c", problems=("c is behind",)))
    assert replication.blockers(facts, {"b"}) == ["c is behind"]
    assert replication.blockers(facts, {"c"}) == []


def test_two_sources_are_no_source():
    facts = healthy() | of(member("b", PRIMARY))
    assert replication.source_of(facts) is None
    assert replication.blockers(facts, {"c"}) == ["a, b each call themselves the source"]


def test_a_silent_member_leads_nothing():
    facts = healthy() | of(member("a", MEMBER, answers=False, problems=("a: no answer",)))
    assert replication.not_one_source(list(facts.values())) == ["no member calls itself the source"]
    assert unreachable(facts) == ["a: no answer"]


@pytest.mark.parametrize("problem, told", [
    ("no answer", "a: no answer"), ("a: no answer", "a: no answer"),
    ("a refuses the credentials", "a refuses the credentials"), ("at rest", "a: at rest")])
def test_a_silent_member_is_named_once(problem, told):
    """Also where its name is part of another word."""
    facts = healthy() | of(member("a", MEMBER, answers=False, problems=(problem,)))
    assert unreachable(facts) == [told]


@pytest.mark.parametrize(("b", "c", "wanted"), [
    ({}, {}, "b"),                                                   # by name
    ({"behind": 5}, {"behind": 4}, "c"),                             # least left to replay
    ({"behind": 5, "version": "1.2"}, {"behind": 0}, "b"),           # on the preferred version
    ({"version": "1.2", "problems": ("lags",)}, {"behind": 9}, "c"),     # never a sick one
    ({"unfit": ("is delayed",), "version": "1.2"}, {"behind": 9}, "c"),  # nor one that must not
    ({"problems": ("lags",)}, {"answers": False}, "")])
def test_candidate_is(b, c, wanted):
    facts = healthy() | of(member("b", **b), member("c", **c))
    for driver in DRIVERS:
        assert driver.candidate(facts, "a", "1.2") == wanted


def test_without_a_healthy_replica_nobody_can_take_over():
    facts = of(member("a", PRIMARY), member("b", problems=("b lags",)))
    for driver in DRIVERS:
        assert driver.without_candidate(facts) == ["a has no replica that can take over"]
        assert driver.without_candidate(healthy()) == []


def test_where_all_replicas_must_not_lead_each_is_named_with_its_reason():
    facts = of(member("a", PRIMARY), member("b", unfit=("is delayed by 9 s",)))
    for driver in DRIVERS:
        assert driver.without_candidate(facts) == [
            "a has no replica that can take over", "b is delayed by 9 s"]


def test_a_replica_that_must_not_lead_goes_after_the_others_and_before_the_source():
    facts = healthy() | of(member("b", unfit=("is delayed by 9 s",)))
    for driver in DRIVERS:
        assert driver.waves(facts, list("abc"), False) == [["c"], ["b"], ["a"]]


def test_a_member_with_other_data_is_a_stranger():
    facts = healthy()
    for name, one in facts.items():
        one.native["system"] = "two" if name == "c" else "one"
    assert replication.strangers(facts, "system", "a system") == ["c has a system of its own"]


DRIVERS = [driver({}) for driver in (PostgreSQLReplicationDriver, MySQLReplicationDriver,
                                MariaDBReplicationDriver)]


@given(st.integers(1, 6), st.randoms(use_true_random=False))
def test_the_source_goes_last_and_alone_whatever_its_name(replicas, chance):
    names = [f"m{number}" for number in range(replicas + 1)]
    leader = chance.choice(names)
    facts = of(*(member(name, PRIMARY if name == leader else REPLICA) for name in names))
    todo = chance.sample(names, k=len(names))
    for driver in DRIVERS:
        for together in (False, True):
            waves = driver.waves(facts, todo, together)
            assert sorted(one for wave in waves for one in wave) == names
            assert waves[-1] == [leader]
            assert all(len(wave) == 1 for wave in waves)


def test_a_broken_replica_goes_before_healthy_ones():
    facts = healthy() | of(member("c", MEMBER, answers=False, problems=("c: no answer",)))
    assert DRIVERS[0].waves(facts, ["a", "b", "c"], False) == [["c"], ["b"], ["a"]]


def test_only_postgresql_goes_back_on_its_own_data():
    assert [driver.forward_only for driver in DRIVERS] == [False, True, True]
    assert all(driver.replication and driver.promotes_by_trove for driver in DRIVERS)
