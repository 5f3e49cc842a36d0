"""What Trove's mongodb strategy calls on its guests to lay a cluster, done on the servers.

After `trove/common/strategies/cluster/experimental/mongodb/taskmanager.py`: the router is told its
config servers, then one member of the shard makes the replica set, then the router adds the shard.
Trove's strategy was written for config servers that are no replica set; here they are one, as
every release since 3.4 wants it.

Runs in Trove's process, so every wait here is eventlet's.
"""
import eventlet

from .server import CONFIG_SET

ADD_SHARD_SEC = 30.0


def add_config_servers(member, addresses: list[str]) -> None:
    """Of a router: make the config servers a set, unless they are one, and start on them."""
    server = member.server
    hosts = [f"{address}:{server.settings.port}" for address in addresses]
    _initiate(server, addresses[0], CONFIG_SET, hosts)
    server.find_cluster(f"{CONFIG_SET}/{','.join(hosts)}")
    server.start(member.version)
    server.wait_until_serving()


def add_members(member, addresses: list[str]) -> None:
    """Of a shard's first member: make the replica set of it and the others."""
    server = member.server
    hosts = [f"{address}:{server.settings.port}" for address in (server.address, *addresses)]
    _initiate(server, server.address, server.set, hosts)


def get_replica_set_name(member) -> str:
    return member.server.set


def add_shard(member, name: str, address: str) -> None:
    """Of a router."""
    server = member.server
    host = f"{name}/{address}:{server.settings.port}"
    _sure(server.ask({"addShard": host}, ADD_SHARD_SEC))


CALLS = {call.__name__: call for call in (add_config_servers, add_members, get_replica_set_name,
                                          add_shard)}


def _initiate(server, first: str, name: str, hosts: list[str]) -> None:
    """Returns when the set has a primary and all others are its secondaries."""
    from .native import inside
    settings = {"electionTimeoutMillis": server.settings.node_timeout_ms,
                "heartbeatIntervalMillis": server.settings.node_timeout_ms // 10}
    members = [{"_id": number, "host": host} for number, host in enumerate(hosts)]
    status = inside(first, server.settings, {"replSetGetStatus": 1})
    if not status["ok"]:
        _sure(inside(first, server.settings, {"replSetInitiate": {
            "_id": name, "members": members, "settings": settings}}))
    # Trove's own limit for building a cluster ends a wait that never comes true.
    while sorted(row["state"] for row in status.get("members", ())) != [1, 2, 2][:len(hosts)]:
        eventlet.sleep(0.05)
        status = inside(first, server.settings, {"replSetGetStatus": 1})


def _sure(answer: dict) -> None:
    if not answer["ok"]:
        raise RuntimeError(answer["errmsg"])
