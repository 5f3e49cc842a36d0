"""From what the members answered to facts: who leads which shard, who is behind, who disagrees."""
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..base import MEMBER, PRIMARY, REPLICA, ClusterFacts, Facts, Member

SLOTS = 16384
LAG_BYTES = 1024 * 1024   # a replica further behind than this makes a switchover block its clients
SUSPECT = {"fail", "fail?", "handshake", "noaddr"}


def build(members: Iterable[Member], answers: dict[str, dict[str, Any]]) -> ClusterFacts:
    """Facts of all members from :meth:`Servers.ask_all`."""
    members = list(members)
    views = {member_id: _view(answer["nodes"]) for member_id, answer in answers.items()
             if "error" not in answer}
    shared = _shared_view(views)
    offsets = {answer["myself"]: _offset(answer["info"]) for answer in answers.values()
               if "error" not in answer}
    return {member.id: _facts(member, answers[member.id], views, shared, offsets)
            for member in members}


def _facts(member: Member, answer: dict[str, Any], views, shared, offsets) -> Facts:
    node = answer.get("myself") or _node_at(member.address, shared)
    domain = _shards(shared).get(_leader(node, shared), "")
    if "error" in answer:
        role = shared.get(node, {}).get("role", MEMBER)
        return Facts(member.id, member.name, role=role, domain=domain, problems=(answer["error"],),
                     native={"node": node, "code": answer["code"]}, address=member.address)
    info, view = answer["info"], views[member.id]
    own = view[node]
    native = {"node": node, "leader": own["leader"], "slots": own["slots"], "view": view,
              "cluster": answer["cluster"], "offset": offsets[node],
              "persists": bool(info.get("aof_enabled")) or bool(answer["settings"].get("save")),
              "appendonly": bool(info.get("aof_enabled")), "rdb_saves": info.get("rdb_saves", 0),
              "aof_rewrites": info.get("aof_rewrites", 0), "served_syncs": info.get("sync_full", 0)}
    return Facts(member.id, member.name, answers=True, version=version_of(info),
                 identity=info["run_id"], role=own["role"], domain=domain,
                 problems=tuple(_problems(member.name, info, own, offsets)),
                 settings=answer["settings"], native=native, address=member.address)


def version_of(info: dict[str, Any]) -> str:
    """The server's version; Valkey also answers redis_version, always 7.2.4, for old clients."""
    return str(info.get("valkey_version") or info["redis_version"])


def _problems(name: str, info, own, offsets) -> list[str]:
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


def _view(nodes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """CLUSTER NODES as one member sees it, by node id."""
    view = {}
    for endpoint, node in nodes.items():
        flags = set(node["flags"].split(","))
        role = PRIMARY if "master" in flags else REPLICA
        leader = node["master_id"] if role == REPLICA else node["node_id"]
        view[node["node_id"]] = {
            "role": role, "leader": leader, "host": endpoint.rsplit(":", 1)[0],
            "slots": sum(int(pair[-1]) - int(pair[0]) + 1 for pair in node["slots"]),
            "first_slot": min((int(pair[0]) for pair in node["slots"]), default=SLOTS),
            "moving": bool(node["migrations"]), "suspect": bool(flags & SUSPECT)}
    return view


def _shared_view(views: dict[str, dict]) -> dict[str, dict[str, Any]]:
    """The view that most members have; members that disagree are found by the gate."""
    if not views:
        return {}
    counted = Counter(roles(view) for view in views.values())
    winner = max(counted, key=lambda key: (counted[key], key))
    return next(view for view in views.values() if roles(view) == winner)


def roles(view: dict[str, dict]) -> tuple[tuple[str, str], ...]:
    """Who follows whom, comparable between views."""
    return tuple(sorted((node, entry["leader"]) for node, entry in view.items()))


def _leader(node: str, view: dict) -> str:
    return view.get(node, {}).get("leader", "")


def _shards(view: dict) -> dict[str, str]:
    """Name of each shard by its leader's node id, numbered by slot range."""
    leaders = [node for node, entry in view.items() if entry["role"] == PRIMARY and entry["slots"]]
    leaders.sort(key=lambda node: view[node]["first_slot"])
    return {node: f"shard-{number}" for number, node in enumerate(leaders, 1)}


def _node_at(address: str, view: dict) -> str:
    return next((node for node, entry in view.items() if entry["host"] == address), "")


def _offset(info: dict[str, Any]) -> int:
    return int(info.get("slave_repl_offset", info["master_repl_offset"])
               if info["role"] == "slave" else info["master_repl_offset"])
