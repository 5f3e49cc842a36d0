"""Who may lead a shard, and whether its primary goes on taking writes: decisions by facts alone."""
from collections.abc import Collection
from typing import Any

from ..base import PRIMARY, REPLICA, ClusterFacts, Facts
from ..paths import series


def candidate(facts: ClusterFacts, member_id: str, prefer: str) -> Facts | None:
    """The caught-up replica that takes over: on the preferred version if there is one, the one
    that has most of the stream, then by name."""
    fit = [one for one in followers(facts, facts[member_id])
           if one.healthy and not why_not(facts, one)]
    return min(fit, default=None, key=lambda one: (one.version != prefer, -one.native["offset"],
                                                   one.name))


def followers(facts: ClusterFacts, primary: Facts) -> list[Facts]:
    """The replicas of the primary that answer."""
    return [one for one in facts.values() if one.answers and one.role == REPLICA
            and one.native["leader"] == primary.native["node"]]


def why_not(facts: ClusterFacts, replica: Facts) -> list[str]:
    """Why the replica must not lead its shard, as it is set up; empty when it may."""
    config = replica.native["config"]
    found = []
    if config.get("replica-priority") == "0":
        found.append(f"{replica.name} has replica-priority 0")
    if config.get("cluster-replica-no-failover") == "yes":
        found.append(f"{replica.name} has cluster-replica-no-failover yes")
    found += _lacks_modules(facts, replica) + _lacks_room(facts, replica)
    # The others of the shard follow it, and the one that led is unavailable.
    return found + _refuses_writes(replica, _others(facts, replica) - 1)


def limits_of(info: dict[str, Any]) -> dict[str, Any]:
    """``{memory, maxmemory, clients, maxclients, evicts}``: bytes and connections of now, and how
    many the server allows; 0 where it allows any number, or tells none. ``evicts`` is the policy by
    which it drops keys beyond that; empty where it refuses writes."""
    policy = str(info.get("maxmemory_policy") or "noeviction")
    return {"memory": int(info.get("used_memory") or 0),
            "maxmemory": int(info.get("maxmemory") or 0),
            "clients": int(info.get("connected_clients") or 0),
            "maxclients": int(info.get("maxclients") or 0),
            "evicts": "" if policy == "noeviction" else policy}


def needed_replicas(config: dict[str, str]) -> int:
    """Without how many good replicas a primary takes no writes, by its configuration."""
    switched_on = int(config.get("min-replicas-max-lag", 1)) > 0
    return int(config.get("min-replicas-to-write", 0)) if switched_on else 0


def without_candidate(facts: ClusterFacts) -> list[str]:
    """Shards of which no replica may lead, each with the reason for every replica."""
    found = []
    for one in _primaries(facts):
        replicas = followers(facts, one)
        if replicas and all(why_not(facts, replica) for replica in replicas):
            reasons = "; ".join(reason for replica in replicas
                                for reason in why_not(facts, replica))
            found.append(f"nobody may lead {one.domain} in place of {one.name}: {reasons}")
    return found


def would_refuse_writes(facts: ClusterFacts) -> list[str]:
    """Primaries that take no writes as soon as one of their replicas is unavailable."""
    return [reason for one in _primaries(facts)
            for reason in _refuses_writes(one, _others(facts, one) - 1)]


def refusing_writes(facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
    """Primaries that take no writes while the members ``unavailable`` are."""
    found = []
    for one in _primaries(facts):
        left = sum(replica.healthy and replica.id not in unavailable
                   for replica in followers(facts, one))
        found += _refuses_writes(one, left) if one.id not in unavailable else []
    return found


def _lacks_modules(facts: ClusterFacts, replica: Facts) -> list[str]:
    """A module that its primary has: clients would be refused its commands. One of an older version
    may lead again: newer ones bring modules of their own."""
    return [f"{replica.name} has not loaded the module {name}, which {one.name} has"
            for one in _primaries(facts) if one.native["node"] == replica.native["leader"]
            and series(replica.version) >= series(one.version)
            for name in sorted(one.native["modules"].keys() - replica.native["modules"].keys())]


def _lacks_room(facts: ClusterFacts, replica: Facts) -> list[str]:
    """Limits that are lower than its primary's, which a replica minds only when it leads."""
    own = replica.native["limits"]
    found = []
    for one in _primaries(facts):
        if one.native["node"] != replica.native["leader"]:
            continue
        others = one.native["limits"]
        lower = own["maxmemory"] < others["maxmemory"] or not others["maxmemory"]
        if lower and 0 < own["maxmemory"] < own["memory"]:
            found.append(f"{replica.name} holds {own['memory']} bytes, and would evict keys or "
                         f"refuse writes beyond maxmemory {own['maxmemory']}")
        if own["maxmemory"] and own["evicts"] and not others["evicts"]:
            found.append(f"{replica.name} evicts keys (maxmemory-policy {own['evicts']}), and "
                         f"{one.name} does not")
        if 0 < own["maxclients"] < others["clients"]:
            found.append(f"{replica.name} takes {own['maxclients']} clients (maxclients), and "
                         f"{one.name} has {others['clients']}")
    return found


def _primaries(facts: ClusterFacts) -> list[Facts]:
    return [one for one in facts.values()
            if one.answers and one.role == PRIMARY and one.native["slots"]]


def _others(facts: ClusterFacts, member: Facts) -> int:
    """How many members there are of its shard beside it, answering or not."""
    return sum(one.domain == member.domain for one in facts.values()) - 1


def _refuses_writes(member: Facts, left: int) -> list[str]:
    """:param left: how many good replicas it would have."""
    needed, left = member.native["needs"], max(left, 0)
    return [f"{member.name} takes no writes with fewer than {needed} replicas "
            f"(min-replicas-to-write {needed}) and would have {left}"] if needed > left else []
