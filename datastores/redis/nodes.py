"""CLUSTER NODES as a member answers it: lines of text, read by node id.

A node's id is who it is; its address is only where it was seen last. Two lines may bear the same
address, such as those of a member and of its former life.
"""
from typing import Any

from ..base import PRIMARY, REPLICA

SLOTS = 16384
NO_ADDRESS = "noaddr"
SUSPECT = {"fail", "fail?", NO_ADDRESS}
HANDSHAKE = "handshake"
View = dict[str, dict[str, Any]]


def view(text: str) -> View:
    """How a member sees the cluster, by node id.

    A node in handshake is left out: its id is made up until it has answered. Of two lines of one
    id the member's own counts, else the first that is not suspect.
    """
    found: View = {}
    for line in text.splitlines():
        node, address, words, leader, _, _, _, _, *slots = line.split()
        flags = set(words.split(","))
        if HANDSHAKE in flags:
            continue
        if node not in found or found[node]["suspect"] or "myself" in flags:
            found[node] = _entry(node, address, flags, leader, slots)
    return found


def is_gone(entry: dict[str, Any]) -> bool:
    """Whether the member neither reaches the node nor gets slots from it."""
    return entry["suspect"] and not entry["slots"]


def roles(seen: View) -> tuple[tuple[str, str], ...]:
    """Who follows whom, comparable between views."""
    return tuple(sorted((node, entry["leader"]) for node, entry in seen.items()))


def of_silent(seen: View, claimed: set[str], addresses: dict[str, str]) -> dict[str, str]:
    """Node ids of the members that do not answer.

    Each is the node at its address. Where members announce other addresses than Trove knows (NAT,
    host names), as many nodes as members are left over; which is whose does not matter then, since
    all of them are unavailable.

    :param claimed: node ids of the members that answer.
    :param addresses: of the silent members, by member id.
    """
    left = {node: entry for node, entry in seen.items() if node not in claimed}
    found: dict[str, str] = {}
    for member_id, address in addresses.items():
        node = next((one for one, entry in left.items() if address in entry["hosts"]), "")
        if node:
            found[member_id] = node
            del left[node]
    unplaced = [one for one in addresses if one not in found]
    nodes = sorted(node for node, entry in left.items() if NO_ADDRESS not in entry["flags"])
    if len(unplaced) == len(nodes):
        found |= dict(zip(unplaced, nodes, strict=True))
    return found


def _entry(node: str, address: str, flags: set[str], leader: str,
           slots: list[str]) -> dict[str, Any]:
    """:param address: ``ip:port@bus-port[,host name][,name=value ...]``."""
    endpoint, *more = address.split(",")
    host = endpoint.rsplit(":", 1)[0]
    names = [one for one in more[:1] if one and "=" not in one]
    role = PRIMARY if "master" in flags else REPLICA
    ranges = [_range(one) for one in slots if not one.startswith("[")]
    return {"role": role, "leader": leader if role == REPLICA else node,
            "host": host or next(iter(names), ""), "hosts": [host, *names], "flags": flags,
            "slots": sum(last - first + 1 for first, last in ranges),
            "first_slot": min((first for first, _ in ranges), default=SLOTS),
            "moving": len(ranges) < len(slots), "suspect": bool(flags & SUSPECT)}


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last or first)
