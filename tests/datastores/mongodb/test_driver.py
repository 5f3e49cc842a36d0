"""The driver and a stock client library against servers that answer: nothing of it is mocked."""
import pytest
from trove_upgrade.datastores.base import DatastoreError, Member
from trove_upgrade.datastores.mongodb import MongoDriver

from tests.datastores.mongodb.nodes import (
    CONFIG,
    PASSWORD,
    ROUTERS,
    RS1,
    RS2,
    USER,
    sharded_cluster,
)
from tests.waits import until

ALL = (*CONFIG, *RS1, *RS2, *ROUTERS)


@pytest.fixture(scope="module")
def doubles(tmp_path_factory):
    with sharded_cluster(tmp_path_factory.mktemp("doubles")) as made:
        yield made


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text(PASSWORD + "\n")
    return path


@pytest.fixture
def driver(doubles, secret):
    return MongoDriver({"port": doubles.port, "username": USER, "password_file": str(secret)})


def members(doubles, names=ALL):
    return [Member(one, one, doubles.host(one).partition(":")[0]) for one in names]


def read(driver, doubles):
    return driver.read(members(doubles))


def well(driver, doubles):
    """Facts of a moment in which the whole cluster is well."""
    until(lambda: driver.blockers(read(driver, doubles), ()) == [])
    return read(driver, doubles)


def test_a_fresh_cluster_passes_every_check_and_its_parts_are_told_apart(driver, doubles):
    facts = well(driver, doubles)
    found = [*driver.checks(facts), *driver.checks_towards(facts, "7.0.15")]
    assert [one.message for one in found if not one.ok] == []
    assert {one: facts[one].domain for one in ALL} == {
        **dict.fromkeys(CONFIG, "config"), **dict.fromkeys(RS1, "rs1"), **dict.fromkeys(RS2, "rs2"),
        **dict.fromkeys(ROUTERS, "routers")}
    for members_of_set in (CONFIG, RS1, RS2):
        assert sorted(facts[one].role for one in members_of_set) == ["primary", "replica",
                                                                     "replica"]
    assert {facts[one].version for one in ALL} == {"6.0.19"}
    assert facts["mongos-1"].settings == {"featureCompatibilityVersion": "6.0"}


def test_a_primary_hands_over_once(driver, doubles):
    facts = well(driver, doubles)
    old = doubles.primary(RS1)
    driver.switchover(facts, old, "7.0.15")
    now = read(driver, doubles)
    assert now[old].role == "replica"
    leader = doubles.primary(RS1)
    driver.switchover(now, old, "7.0.15")
    assert doubles.primary(RS1) == leader


def test_a_primary_without_a_caught_up_secondary_keeps_its_role(driver, doubles):
    old = doubles.primary(RS2)
    others = [one for one in RS2 if one != old]
    for one in others:
        doubles.kill(one)
    try:
        facts = read(driver, doubles)
        with pytest.raises(DatastoreError) as raised:
            driver.switchover(facts, old, "7.0.15")
        assert raised.value.code == "no_candidate"
        assert raised.value.passing
    finally:
        for one in others:
            doubles.start(one, "6.0.19")


def test_a_member_that_was_started_anew_has_another_identity(driver, doubles):
    before = well(driver, doubles)
    doubles.stop("mongos-2")
    silent = read(driver, doubles)["mongos-2"]
    doubles.start("mongos-2", "6.0.19")
    assert not silent.answers
    assert silent.problems
    after = well(driver, doubles)
    assert after["mongos-2"].identity != before["mongos-2"].identity
    assert after["mongos-1"].identity == before["mongos-1"].identity


def test_balancer_rests_and_goes_on(driver, doubles):
    facts, asked = well(driver, doubles), members(doubles)
    resting = driver.background(asked)
    assert resting == {"balancer": "full"}
    assert any("balancer" in one for one in driver.blockers(facts, ["mongos-1"]))
    driver.suspend(asked, resting)
    driver.suspend(asked, resting)
    assert driver.background(asked) == {}
    assert driver.blockers(read(driver, doubles), ["mongos-1"]) == []
    doubles.stop("mongos-1")
    driver.resume(asked, resting)
    doubles.start("mongos-1", "6.0.19")
    assert driver.background(asked) == resting


def test_without_a_router_the_balancer_is_not_guessed(driver, doubles):
    with pytest.raises(DatastoreError) as raised:
        driver.background(members(doubles, CONFIG))
    assert (raised.value.code, raised.value.passing) == ("no_router", True)


def test_a_wrong_password_is_told_without_it(doubles, secret):
    secret.write_text("not the password")
    driver = MongoDriver({"port": doubles.port, "username": USER, "password_file": str(secret)})
    facts = read(driver, doubles)
    assert {one.native["code"] for one in facts.values()} == {"access_refused"}
    assert not any("not the password" in str(one) for one in facts.values())


def test_a_password_without_a_username_is_told(doubles, secret):
    driver = MongoDriver({"port": doubles.port, "password_file": str(secret)})
    assert {one.native["code"] for one in read(driver, doubles).values()} == {"access_incomplete"}


def test_feature_version_is_raised_when_all_run_the_release_and_only_then(driver, doubles):
    for one in (*CONFIG, *RS1, *ROUTERS):
        doubles.stop(one)
        doubles.start(one, "7.0.15")
        until(lambda: driver.blockers(read(driver, doubles), ()) == [])
    router, settings = members(doubles, ["mongos-1"])[0], {}
    assert [word.partition(" runs ")[2] for word in driver.finalize_blockers(
        read(driver, doubles))] == ["6.0.19"] * len(RS2)
    for one in RS2:
        doubles.stop(one)
        doubles.start(one, "7.0.15")
        until(lambda: driver.blockers(read(driver, doubles), ()) == [])
    facts = read(driver, doubles)
    assert [driver.closed_rollback_path(facts, one, "6.0.19") for one in ALL] == [""] * len(ALL)
    assert driver.finalize_blockers(facts) == []
    for _ in range(2):
        driver.finalize(router, settings)
    facts = read(driver, doubles)
    assert all(driver.closed_rollback_path(facts, one, "6.0.19") for one in ALL)
    assert {facts[one].native["fcv"] for one in (*CONFIG, *RS1, *RS2)} == {"7.0"}
