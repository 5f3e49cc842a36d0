"""What the members' own servers say, asked over their own protocol."""
from typing import Any

from ..base import Member
from .double.wire import ask

USER = "admin"
ROLES = {1: "primary", 2: "replica"}
IN_SYNC_SEC = 2


def inside(address: str, settings, command: dict[str, Any], timeout: float = 2.0) -> dict[str, Any]:
    """A command as another member of the cluster asks it; OSError when there is no answer."""
    return ask(address, settings.port, {**command, "$clusterKey": settings.password}, timeout)


def members(rows: list[dict], settings) -> list[Member]:
    """One Member per row {id, name, address}; a silent server leaves its facts empty."""
    return [Member(**row, port=settings.port, **_facts(row["address"], settings)) for row in rows]


def routers(nodes: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Those of the (address, port) that are routers and answer."""
    found = []
    for address, port in nodes:
        try:
            if ask(address, port, {"hello": 1}).get("msg") == "isdbgrid":
                found.append((address, port))
        except OSError:
            continue
    return found


def _facts(address: str, settings) -> dict[str, Any]:
    try:
        version = inside(address, settings, {"buildInfo": 1})["version"]
        if inside(address, settings, {"hello": 1}).get("msg") == "isdbgrid":
            there = inside(address, settings, {"listShards": 1}, 20.0)["ok"] == 1
            return {"role": "member", "version": version, "in_sync": True, "cluster_ok": there}
        status = inside(address, settings, {"replSetGetStatus": 1})
    except OSError:
        return {}
    if not status["ok"]:
        return {"version": version}
    return {"role": ROLES.get(status["myState"], ""), "shard": status["set"], "version": version,
            "in_sync": _is_in_sync(status), "cluster_ok": _is_whole(status)}


def _is_in_sync(status: dict[str, Any]) -> bool:
    own = next(row for row in status["members"] if row["self"])
    newest = max(row["optimeDate"] for row in status["members"])
    behind = (newest - own["optimeDate"]).total_seconds()
    return status["myState"] in ROLES and behind <= IN_SYNC_SEC


def _is_whole(status: dict[str, Any]) -> bool:
    states = sorted(row["state"] for row in status["members"])
    return states == [1] + [2] * (len(states) - 1)
