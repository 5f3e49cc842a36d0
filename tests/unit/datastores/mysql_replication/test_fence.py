"""The fence of MySQL's and MariaDB's sources: what is seen decides whether it holds."""
import pytest
from trove_upgrade.datastores import fencing
from trove_upgrade.datastores.base import PRIMARY, REPLICA, DatastoreError, Facts
from trove_upgrade.datastores.mariadb_replication import MariaDBReplicationDriver


class Servers:
    """Positions of the source and of the candidate, one for each question; the last one stays."""

    def __init__(self, source, candidate):
        self.positions = {"a": list(source), "b": list(candidate)}
        self.read_only = []

    def answer(self, member):
        told = self.positions[member.id]
        return {"executed": f"0-1-{told.pop(0) if len(told) > 1 else told[0]}"}

    def set_read_only(self, member, on):
        self.read_only.append((member.id, on))


def facts(**roles):
    return {one: Facts(one, one, answers=True, role=role,
                       native={"may_fence": True, "read_only": True})
            for one, role in roles.items()}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    for pause in ("FENCE_SEC", "POLL_SEC", "STILL_SEC"):
        monkeypatch.setattr(fencing, pause, 0.5 if pause == "FENCE_SEC" else 0)


def fenced(source, candidate):
    driver = MariaDBReplicationDriver({})
    driver._servers = Servers(source, candidate)
    driver.fence(facts(a=PRIMARY, b=REPLICA), "a", "b")
    return driver._servers


def test_it_holds_when_nobody_writes_and_the_candidate_has_all():
    assert fenced([5, 7, 7], [5, 6, 7]).read_only == [("a", True)]


@pytest.mark.parametrize(("source", "candidate", "words"), [
    (range(9999), [99999], "a is written to although it is read-only, by an account with SUPER"),
    ([7, 7, 8], [7], "a is written to although"), ([7], [6], "b has not applied all")])
def test_where_it_does_not_hold_the_source_takes_writes_again(source, candidate, words):
    driver = MariaDBReplicationDriver({})
    driver._servers = Servers(source, candidate)
    with pytest.raises(DatastoreError, match=words) as caught:
        driver.fence(facts(a=PRIMARY, b=REPLICA), "a", "b")
    assert caught.value.code == "no_fence"
    assert driver._servers.read_only == [("a", True), ("a", False)]


@pytest.mark.parametrize(("roles", "opened"), [
    ({"a": PRIMARY, "b": REPLICA}, [("a", False)]), ({"a": PRIMARY, "b": PRIMARY}, [])])
def test_only_the_one_source_is_let_to_write_again(roles, opened):
    driver = MariaDBReplicationDriver({})
    driver._servers = Servers([7], [7])
    driver.unfence(facts(**roles))
    assert driver._servers.read_only == opened


def test_without_the_right_nothing_is_asked():
    driver = MariaDBReplicationDriver({})
    driver._servers = Servers([7], [7])
    given = facts(a=PRIMARY, b=REPLICA)
    given["a"].native["may_fence"] = False
    driver.fence(given, "a", "b")
    driver.unfence(given)
    assert driver._servers.read_only == []
