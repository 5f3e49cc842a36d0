"""Whatever types one member's answer has, the others' facts and the decisions are still there."""
import copy

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from trove_upgrade import datastores

from tests.unit.datastores.cassandra.model import Cluster as Cassandra
from tests.unit.datastores.galera.model import Group as Galera
from tests.unit.datastores.mongodb.model import Cluster as MongoDB
from tests.unit.datastores.redis.model import Cluster as Redis
from tests.unit.datastores.replication.dialects import DIALECTS
from tests.unit.datastores.replication.model import ReplicationSet
from tests.unit.datastores.vertica.model import Database as Vertica

ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(-2, 2 ** 70), st.floats(), st.text(),
                     st.binary(), st.lists(st.none()), st.dictionaries(st.text(), st.none()))
# Shrinking takes minutes here, and tells no more.
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
MODELS = {"cassandra": Cassandra, "galera": Galera, "mongodb": MongoDB, "redis": Redis}


class Told:
    """A driver's servers, whose answers are given; they are checked as the client checks them."""

    def __init__(self, servers, answers):
        self.check, self.answers = getattr(servers, "check", lambda answer: None), answers

    def ask_all(self, members):
        return {one.id: self._checked(self.answers[one.id]) for one in members}

    def _checked(self, answer):
        try:
            self.check(answer)
        except Exception as error:      # noqa: BLE001 - as the client does
            return {"error": f"member: {error}", "code": "no_answer"}
        return answer


def honest(name):
    """Members, and what they answer when all is well."""
    if name in MODELS:
        model = MODELS[name]()
        return list(model.members), dict(model.answers())
    model = Vertica() if name == "vertica" else ReplicationSet(
        next(one() for one in DIALECTS if one.driver.name == name), ["a", "b", "c"])
    members = list(model.members)
    return members, dict(model.ask_all(members))


def places(value):
    """Every place in an answer, as a way from its root."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(
        value, list) else ()
    for key, one in inner:
        yield (key,)
        yield from ((key, *rest) for rest in places(one))


def lie(answer, way, value):
    for key in way[:-1]:
        answer = answer[key]
    answer[way[-1]] = value


@pytest.mark.parametrize("name", [*MODELS, "vertica", "mysql_replication", "mariadb_replication",
                                  "postgresql_replication"])
@settings(max_examples=60, deadline=None, phases=NO_SHRINKING)
@given(data=st.data())
def test_a_lie_of_one_member_is_its_own_problem(name, data):
    members, answers = honest(name)
    driver = datastores.driver(name, {})
    liar = data.draw(st.sampled_from([one.id for one in members]))
    answers[liar] = copy.deepcopy(answers[liar])
    for _ in range(data.draw(st.integers(1, 3))):
        lie(answers[liar], data.draw(st.sampled_from(sorted(places(answers[liar]), key=str))),
            data.draw(ANYTHING))
    driver._servers = Told(driver._servers, answers)
    facts = driver.read(members)
    assert all(facts[one.id].answers for one in members if one.id != liar)
    driver.decide(facts)
