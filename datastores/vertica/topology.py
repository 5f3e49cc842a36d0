"""From what the nodes answered to facts: who is up, in whose eyes."""
from collections.abc import Iterable
from typing import Any

from ..base import ClusterFacts, Facts, Member

UP, SHUTDOWN = "UP", "SHUTDOWN"


def build(members: Iterable[Member], answers: dict[str, dict[str, Any]]) -> ClusterFacts:
    """Facts of all members from :meth:`Servers.ask_all`."""
    return {member.id: _facts(member, answers[member.id]) for member in members}


def version_of(banner: str) -> str:
    """``"Vertica Analytic Database v11.1.1-2"`` -> ``"11.1.1.2"``: the hotfix is a part like the
    others, so that a Trove version may name it."""
    return banner.rsplit(" ", 1)[-1].lstrip("v").replace("-", ".")


def _facts(member: Member, answer: dict[str, Any]) -> Facts:
    if "error" in answer:
        return Facts(member.id, member.name, problems=(answer["error"],),
                     native={"code": answer["code"]}, address=member.address)
    view = {address: state for _, state, address in answer["nodes"]}
    state = next((state for name, state, _ in answer["nodes"] if name == answer["node"]), "unknown")
    return Facts(
        member.id, member.name, answers=True, version=version_of(answer["version"]),
        identity=answer["since"],
        problems=() if state == UP else (f"{member.name} says that it is {state}",),
        address=member.address,
        native={"node": answer["node"], "state": state, "view": view,
                "designed": answer["designed"], "current": answer["current"],
                "banner": answer["version"]})
