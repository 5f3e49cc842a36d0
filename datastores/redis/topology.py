"""From what the members answered to facts: who leads which shard, who is behind, who disagrees."""
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..base import MEMBER, PRIMARY, REPLICA, ClusterFacts, Facts, Member
from . import files, leading, nodes
from .paths import REDIS, VALKEY

LAG_BYTES = 1024 * 1024   # a replica further behind than this makes a switchover block its clients

# A member whose own line is missing from its answer, as while it is being reset.
UNLISTED: dict[str, Any] = {"role": MEMBER, "leader": "", "slots": 0}


def build(members: Iterable[Member], answers: dict[str, dict[str, Any]]) -> ClusterFacts:
    """Facts of all members from :meth:`Servers.ask_all`."""
    members = list(members)
    heard = {one: answer for one, answer in answers.items() if "error" not in answer}
    views = {one: nodes.view(answer["nodes"]) for one, answer in heard.items()}
    ids = {one: str(answer["myself"]) for one, answer in heard.items()}
    silent = {one.id: one.address for one in members if one.id not in heard}
    ids |= nodes.of_silent(_shared_view(views), set(ids.values()), silent)
    known = set(ids.values())
    views = {one: _without_ghosts(view, known) for one, view in views.items()}
    shared = _shared_view(views)
    offsets = {ids[one]: _offset(answer["info"]) for one, answer in heard.items()}
    return {member.id: _facts(member, answers[member.id], ids.get(member.id, ""), views, shared,
                              offsets) for member in members}


def _facts(member: Member, answer: dict[str, Any], node: str, views, shared, offsets) -> Facts:
    domain = _shards(shared).get(_leader(node, shared), "")
    if "error" in answer:
        role = shared.get(node, {}).get("role", MEMBER)
        return Facts(member.id, member.name, role=role, domain=domain, problems=(answer["error"],),
                     native={"node": node, "code": answer["code"]}, address=member.address)
    info, view = answer["info"], views[member.id]
    own = view.get(node) or UNLISTED
    native = {"node": node, "leader": own["leader"], "slots": own["slots"], "view": view,
              "cluster": answer["cluster"], "offset": offsets[node], "config": answer["config"],
              "limits": leading.limits_of(info),
              "needs": leading.needed_replicas(answer["config"]),
              "product": product_of(info), "modules": modules_of(answer["modules"])} \
        | files.facts_of(info, answer["settings"])
    return Facts(member.id, member.name, answers=True, version=version_of(info),
                 identity=info["run_id"], server_id=node, role=own["role"], domain=domain,
                 problems=(*_problems(member.name, info, own, offsets),
                           *files.failing(member.name, info, answer["settings"])),
                 settings=answer["settings"], native=native, address=member.address,
                 holds={"keys": files.keys(info)})


def _without_ghosts(view: nodes.View, known: set[str]) -> nodes.View:
    """The view without nodes that are no member's, serve no slots and can't be reached.

    Such a node is what is left of a former life, until the cluster forgets it: it holds nobody up.
    """
    return {node: entry for node, entry in view.items()
            if node in known or not nodes.is_gone(entry)}


def modules_of(answers: list[dict[str, Any]]) -> dict[str, str]:
    """Names of the modules that the server has loaded, and their versions."""
    return {str(one["name"]): str(one.get("ver", "")) for one in answers}


def product_of(info: dict[str, Any]) -> str:
    """Redis or Valkey, by the server's own word."""
    return VALKEY if info.get("valkey_version") else REDIS


def version_of(info: dict[str, Any]) -> str:
    """The server's version; Valkey also answers redis_version, always 7.2.4, for old clients."""
    return str(info.get("valkey_version") or info["redis_version"])


def _problems(name: str, info, own, offsets) -> list[str]:
    if own is UNLISTED:
        return [f"{name} does not list itself among the nodes"]
    found = []
    if info.get("loading"):
        found.append(f"{name} is still loading its data")
    if own["role"] == REPLICA:
        found += _replica_problems(name, info, offsets.get(own["leader"]))
    return found


def _replica_problems(name: str, info, leader_offset: int | None) -> list[str]:
    if info.get("master_link_status") != "up" or info.get("master_sync_in_progress"):
        return [f"{name} has no link to its primary yet"]
    behind = (leader_offset or 0) - info["slave_repl_offset"]
    if behind > LAG_BYTES:
        return [f"{name} is {behind} bytes behind its primary (limit {LAG_BYTES})"]
    return []


def _shared_view(views: dict[str, dict]) -> dict[str, dict[str, Any]]:
    """The view that most members have; members that disagree are found by the gate."""
    if not views:
        return {}
    counted = Counter(nodes.roles(view) for view in views.values())
    winner = max(counted, key=lambda key: (counted[key], key))
    return next(view for view in views.values() if nodes.roles(view) == winner)


def _leader(node: str, view: dict) -> str:
    return view.get(node, {}).get("leader", "")


def _shards(view: dict) -> dict[str, str]:
    """Name of each shard by its leader's node id, numbered by slot range."""
    leaders = [node for node, entry in view.items() if entry["role"] == PRIMARY and entry["slots"]]
    leaders.sort(key=lambda node: view[node]["first_slot"])
    return {node: f"shard-{number}" for number, node in enumerate(leaders, 1)}


def _offset(info: dict[str, Any]) -> int:
    return int(info.get("slave_repl_offset", info["master_repl_offset"])
               if info["role"] == "slave" else info["master_repl_offset"])
