"""From what the nodes answered to facts: who is up, in whose eyes."""
from collections.abc import Iterable
from typing import Any

from ..base import ClusterFacts, Facts, Member

UP, SHUTDOWN = "UP", "SHUTDOWN"


def build(members: Iterable[Member], answers: dict[str, dict[str, Any]]) -> ClusterFacts:
    """Facts of all members from :meth:`Servers.ask_all`."""
    members = list(members)
    silent = [one for one in members if "error" in answers[one.id]]
    nodes = _nodes_of_silent(silent, [answer for answer in answers.values()
                                      if "error" not in answer])
    return {member.id: _facts(member, answers[member.id], nodes.get(member.id, ""))
            for member in members}


def _nodes_of_silent(silent: list[Member], heard: list[dict[str, Any]]) -> dict[str, str]:
    """Node names of the members that do not answer, by their ids.

    Each is the node at its address. Where the database has other addresses than Trove knows, as
    many nodes as members are left over; which is whose does not matter then, since all of them are
    unavailable.
    """
    claimed = {answer["node"] for answer in heard}
    left = {name: address for answer in heard for name, _, address in answer["nodes"]
            if name not in claimed}
    found: dict[str, str] = {}
    for one in silent:
        node = next((name for name, address in left.items() if address == one.address), "")
        if node:
            found[one.id] = node
            del left[node]
    unplaced = [one.id for one in silent if one.id not in found]
    if len(unplaced) == len(left):
        found |= dict(zip(unplaced, sorted(left), strict=True))
    return found


def version_of(banner: str) -> str:
    """``"Vertica Analytic Database v11.1.1-2"`` -> ``"11.1.1.2"``: the hotfix is a part like the
    others, so that a Trove version may name it."""
    return banner.rsplit(" ", 1)[-1].lstrip("v").replace("-", ".")


def _facts(member: Member, answer: dict[str, Any], node: str) -> Facts:
    """:param node: its node's name where it does not answer, as the others tell it."""
    if "error" in answer:
        return Facts(member.id, member.name, problems=(answer["error"],),
                     native={"code": answer["code"], "node": node}, address=member.address)
    view = {name: state for name, state, _ in answer["nodes"]}
    state = view.get(answer["node"], "unknown")
    return Facts(
        member.id, member.name, answers=True, version=version_of(answer["version"]),
        identity=answer["since"], server_id=answer["node"],
        problems=() if state == UP else (f"{member.name} says that it is {state}",),
        address=member.address,
        native={"node": answer["node"], "state": state, "view": view,
                "designed": answer["designed"], "current": answer["current"],
                "banner": answer["version"]})
