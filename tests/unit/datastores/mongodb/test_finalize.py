"""When the feature compatibility version may be raised: by what Trove's members say, and nobody
else is asked."""
import pytest
from trove_upgrade.datastores.mongodb import MongoDriver

from tests.unit.datastores.mongodb.model import NEW, Cluster


@pytest.fixture(params=[False, True], ids=["by address", "by host name"])
def cluster(request):
    """All run the new release."""
    made = Cluster(shards=2)
    made.named = request.param
    for node in made.nodes.values():
        node.version = NEW
    return made


def blockers(cluster, left_out=()):
    listed = [one for one in cluster.members if one.id not in left_out]
    return cluster.driver.finalize_blockers(cluster.driver.read(listed))


def test_all_run_the_release_whatever_their_sets_call_them(cluster):
    assert blockers(cluster) == []


@pytest.mark.parametrize("group", ["config", "rs2", "routers"])
def test_one_that_runs_the_old_release(cluster, group):
    node = cluster.of(group)[-1]
    node.version = "6.0.19"
    assert blockers(cluster) == [f"member-{node.number:02} runs 6.0.19"]
    node.version = "7.0.2"      # of the same release
    assert blockers(cluster) == []


@pytest.mark.parametrize("group", ["config", "rs2", "routers"])
def test_one_that_does_not_answer(cluster, group):
    cluster.of(group)[-1].up = False
    assert any("no answer" in word for word in blockers(cluster))


@pytest.mark.parametrize("group", ["config", "rs2"])
def test_one_that_trove_does_not_know(cluster, group):
    node = cluster.of(group)[-1]
    assert any("is not a member by Trove" in word for word in blockers(cluster, {node.id}))


def test_a_whole_shard_that_trove_does_not_know(cluster):
    assert any("is not a member by Trove" in word
               for word in blockers(cluster, {node.id for node in cluster.of("rs2")}))


def test_an_arbiter_counts_where_trove_knows_it(cluster):
    arbiter = cluster.of("rs1")[-1]
    arbiter.row, arbiter.state = {"arbiterOnly": True, "priority": 0}, 7
    assert blockers(cluster) == []
    assert any("is an arbiter that Trove does not know" in word
               for word in blockers(cluster, {arbiter.id}))


def test_routers_alone_are_not_enough(cluster):
    seen = {node.id for node in cluster.of("routers")}
    assert blockers(cluster, set(cluster.nodes) - seen)


def test_what_a_router_says_leads_to_no_connection(monkeypatch):
    """Its map of shards, once asked for, named the servers that were connected to."""
    asked = []

    class Client:
        admin = property(lambda self: self)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def server_info(self):
            return {"version": NEW}

        def command(self, command, *_):
            asked.append(command)
            return {"map": {"rs1": "rs1/192.0.2.66:27017"}}

    driver, connected = MongoDriver({}), []
    monkeypatch.setattr(driver._servers, "connect",
                        lambda member, *_: connected.append(member.address) or Client())
    router = Cluster().members[0]
    driver.finalize(router, {})
    assert connected == [router.address]
    assert asked == [{"setFeatureCompatibilityVersion": "7.0", "confirm": True}]
