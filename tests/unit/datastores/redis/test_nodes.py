"""CLUSTER NODES as servers write it, and who is who by it."""
import pytest
from trove_upgrade.datastores.redis import RedisDriver, nodes

from tests.unit.datastores.redis.model import Cluster

DRIVER = RedisDriver({})
FIRST = "07c37dfeb235213a872192d90877d0cd55635b91"
SECOND = "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1"
# Lines of the manual of CLUSTER NODES, and of Valkey 9.1 with a host name and auxiliary fields.
TEXT = f"""\
{FIRST} 127.0.0.1:30004@31004,shop.example.net slave {SECOND} 0 1426238317239 4 connected
{SECOND} 127.0.0.1:30002@31002,,tls-port=0,shard-id=69bc080733d1355567173199cff4a6a039a2f024 \
myself,master - 0 0 2 connected 5461-10922 16383 [93->-{FIRST}]
"""


def read(cluster):
    return cluster.driver.read(cluster.members)


def announce_elsewhere(cluster):
    """All announce addresses that Trove does not know."""
    cluster.announced = lambda node: f"203.0.113.{node.number + 1}:6379@16379"


def refused(cluster):
    return {one.name: one.message for one in DRIVER.checks(read(cluster)) if not one.ok}


def test_a_line_is_read_with_all_that_servers_write():
    found = nodes.view(TEXT)
    assert found[FIRST]["hosts"] == ["127.0.0.1", "shop.example.net"]
    assert (found[FIRST]["role"], found[FIRST]["leader"]) == ("replica", SECOND)
    assert found[SECOND]["hosts"] == ["127.0.0.1"]
    assert (found[SECOND]["slots"], found[SECOND]["first_slot"], found[SECOND]["moving"]) == (
        5463, 5461, True)


@pytest.mark.parametrize("odd", [
    f"{'9' * 40} 10.0.0.1:6379@16379 handshake - 1700000000000 0 0 disconnected",
    f"{'8' * 40} :0@0 slave,noaddr node0001 1 1 2 disconnected",
    f"{'8' * 40} :0@0 master,noaddr - 1 1 2 disconnected",
    f"{'8' * 40} 10.0.0.5:6379@16379 slave,fail node0001 1 1 2 disconnected",
    "node0004 10.0.0.5:6379@16379 slave,fail node0002 1 1 2 disconnected"])
@pytest.mark.parametrize("first", [True, False])
def test_an_odd_line_holds_nobody_up(cluster, odd, first):
    cluster.more_lines = [odd]
    if first:
        lines = type(cluster)._answer
        cluster._answer = lambda asked: (made := lines(cluster, asked)) | {
            "nodes": "\n".join(reversed(made["nodes"].splitlines()))}
    assert refused(cluster) == {}
    assert DRIVER.blockers(read(cluster), {"m0003"}) == []
    assert DRIVER.blockers(read(cluster), ()) == []


def test_an_odd_line_in_one_view_is_no_disagreement(cluster):
    facts = read(cluster)
    cluster.more_lines = [f"{'9' * 40} 10.0.0.9:6379@16379 handshake - 1 0 0 disconnected"]
    assert nodes.roles(read(cluster)["m0000"].native["view"]) == nodes.roles(
        facts["m0000"].native["view"])


def test_a_member_that_does_not_list_itself_yet_is_read_and_told(cluster):
    lines = type(cluster)._answer
    cluster._answer = lambda asked: (made := lines(cluster, asked)) | (
        {"nodes": ""} if asked.id == "m0003" else {"nodes": made["nodes"]})
    assert read(cluster)["m0003"].problems == ("member-3 does not list itself among the nodes",)


def test_members_are_told_apart_by_id_where_they_announce_other_addresses(cluster):
    announce_elsewhere(cluster)
    assert refused(cluster) == {}
    cluster.nodes["m0003"].up = False
    facts = read(cluster)
    assert (facts["m0003"].role, facts["m0003"].domain) == ("replica", "shard-1")
    assert DRIVER.blockers(facts, {"m0003"}) == []
    assert DRIVER.blockers(facts, {"m0004"})


def test_several_that_are_silent_and_announce_other_addresses_may_be_put_back():
    cluster = Cluster(3, 1)
    announce_elsewhere(cluster)
    for one in ("m0003", "m0004"):
        cluster.nodes[one].up = False
    assert DRIVER.blockers(read(cluster), {"m0003", "m0004"}) == []


def test_a_server_that_trove_does_not_know_is_never_told_to_be_forgotten(cluster):
    members = [one for one in cluster.members if one.id != "m0005"]
    check = next(one for one in DRIVER.checks(cluster.driver.read(members))
                 if one.name == "members_match")
    assert "10.0.0.6 is not a member" in check.message
    assert not any(word in check.remedy.lower() for word in ("forget", "remove", "stop"))


def test_two_members_of_one_node_id_are_refused(cluster):
    """As the copy of a volume bears it (nodes.conf)."""
    answer = type(cluster)._answer
    cluster._answer = lambda asked: answer(cluster, cluster.nodes["m0004"] if asked.id == "m0003"
                                           else asked)
    told = {one.name: one.message for one in DRIVER.checks(read(cluster)) if not one.ok}
    assert "member-3 and member-4 bear the same server id (node0004)" in told["members_match"]
