"""Which member clients write to, and whether those that stay take them: by the facts alone."""
from collections.abc import Collection

from ..base import ClusterFacts, Facts


def writer(facts: ClusterFacts, named: str) -> str:
    """Id of the member that clients write to: the named one (name, id or the end of its name),
    else the one with most client connections, then with most write sets of its own; '' if nobody
    stands out."""
    for one in facts.values():
        if named and (named in (one.id, one.name) or one.name.endswith(f"-{named}")):
            return one.id
    answering = [one for one in facts.values() if one.answers]
    counts = {(one.native["clients"], one.native["writes"]) for one in answering}
    if len(counts) < 2:
        return ""
    return max(answering, key=lambda one: (one.native["clients"], one.native["writes"])).id


def order(facts: ClusterFacts, todo: Collection[str], named: str) -> list[str]:
    """Broken members first, then by name, the one that clients write to last."""
    last = writer(facts, named)
    return sorted(todo, key=lambda one: (facts[one].healthy, one == last, facts[one].name, one))


def no_writers(asked: list[Facts], gone: list[Facts]) -> list[str]:
    """The complaint when only members that take no writes would be left."""
    if not gone or not all(one.native["read_only"] for one in asked):
        return []
    return ["no member that stays takes writes (read_only)"]


def no_room(asked: list[Facts], gone: list[Facts]) -> list[str]:
    """The complaint when the members that stay can't take the clients of those that don't, however
    they were spread."""
    leaving = sum(one.native["clients"] for one in gone if one.answers)
    clients = leaving + sum(one.native["clients"] for one in asked)
    room = sum(one.native["max_clients"] for one in asked)
    told = all(one.native["max_clients"] for one in asked)
    return [f"the members that stay take {room} clients (max_connections), and there are {clients}"
            ] if leaving and told and clients > room else []


def without_writer(asked: list[Facts]) -> list[str]:
    """Complaints about members without which no other takes writes, or all clients."""
    found = []
    for one in asked:
        others = [other for other in asked if other is not one]
        found += [f"without {one.name} no member takes writes (read_only)"
                  ] if no_writers(others, [one]) else []
        found += [f"without {one.name} {words}" for words in no_room(others, [one])]
    return found
