"""Lay a new cluster: primaries with equal slots, and their replicas.

Trove's own strategy makes every member a primary and, on Python 3, asks for fractions of
slots, so the double lays what the lab's user asked for.
"""
import eventlet

from .slots import slot_ranges


def form(servers: list, shards: int) -> None:
    """Make one cluster of fresh servers: the first `shards` are primaries, in order.

    Server n (from `shards` on) becomes a replica of primary n modulo `shards`. Returns when
    every server sees the cluster whole and every replica has its data.
    """
    for epoch, server in enumerate(servers, start=1):
        if epoch <= shards:
            server.ask("CLUSTER ADDSLOTSRANGE", *slot_ranges(shards)[epoch - 1])
        server.ask("CLUSTER SET-CONFIG-EPOCH", epoch)
    for server in servers[1:]:
        first = servers[0]
        first.ask("CLUSTER MEET", server.address, server.settings.port, server.settings.bus_port)
    identities = [server.ask("CLUSTER MYID") for server in servers]
    for index, server in enumerate(servers[shards:]):
        primary = identities[index % shards]
        _until(lambda s=server, p=primary: _knows(s, p))
        server.ask("CLUSTER REPLICATE", primary)
    for server in servers:
        _until(lambda s=server: _is_whole(s, len(servers)))


def _knows(server, identity: str) -> bool:
    return identity in str(server.ask("CLUSTER NODES"))


def _is_whole(server, size: int) -> bool:
    info = server.ask("CLUSTER INFO")
    if info["cluster_state"] != "ok" or int(info["cluster_known_nodes"]) != size:
        return False
    role = server.ask("ROLE")
    return role[0] == "master" or role[3] == "connected"


def _until(condition) -> None:
    """Trove's own limit for building a cluster ends a wait that never comes true."""
    while not condition():
        eventlet.sleep(0.05)
