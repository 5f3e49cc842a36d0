"""From what the members answered to facts: racks, seeds, and how each sees the others."""
import re
from collections.abc import Iterable
from typing import Any

from ..base import ClusterFacts, Facts, Member

SEEDS = re.compile(r"seeds=([^}]*)")
DONE = {"success", "failure"}       # ends of a stream (StreamingState.Status)
# Kinds of sstable_tasks that belong to a repair or rewrite all tables (OperationType.java).
BUSY_KINDS = ("validation", "anticompaction", "upgrade sstables", "cleanup", "scrub")


def build(members: Iterable[Member], answers: dict[str, dict[str, Any]]) -> ClusterFacts:
    """Facts of all members from :meth:`Servers.ask_all`."""
    members = list(members)
    heard = [answer for answer in answers.values() if "error" not in answer]
    seeds = {seed for answer in heard for seed in _seeds(_settings(answer))}
    known = {_address(row): row for answer in heard for row in answer["peers"]}
    return {member.id: _spoken(member, answers[member.id], seeds)
            if "error" not in answers[member.id]
            else _unheard(member, answers[member.id], known.get(member.address), seeds)
            for member in members}


def _unheard(member: Member, answer: dict[str, Any], row: dict | None, seeds: set) -> Facts:
    """Facts of an unreachable member; its rack and host id are those that the others have
    recorded."""
    native = {"node": str(row["host_id"]) if row else "", "code": answer["code"],
              "seed": member.address in seeds}
    return Facts(member.id, member.name, domain=_domain(row) if row else "",
                 problems=(answer["error"],), native=native, address=member.address)


def _spoken(member: Member, answer: dict[str, Any], seeds: set) -> Facts:
    local, settings = answer["local"], _settings(answer)
    view = _view(answer)
    own = str(local["host_id"])
    state = view.pop(own, {}).get("state", "")
    native = {"node": own, "schema": str(local["schema_version"]), "view": view,
              "seed": member.address in seeds, "busy": _busy(answer["views"]),
              "keyspaces": answer["keyspaces"], "mode": settings.get("storage_compatibility_mode"),
              "auth": not settings.get("authenticator", "").endswith("AllowAllAuthenticator"),
              "used_mib": _used(answer["views"])}
    return Facts(member.id, member.name, answers=True, version=local["release_version"],
                 identity=f"{own}/{local['gossip_generation']}", domain=_domain(local),
                 problems=tuple(_problems(member.name, local, state)),
                 settings={"release_version": local["release_version"]}, native=native,
                 address=member.address)


def _problems(name: str, local: dict[str, Any], state: str) -> list[str]:
    found = []
    if local["bootstrapped"] != "COMPLETED":
        found.append(f"{name} has not joined yet (bootstrapped is {local['bootstrapped']})")
    if state not in ("", "NORMAL"):
        found.append(f"{name} is {state} in the ring")
    return found


def _view(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """How one member sees the others, by host id: ``{name, schema, linked, state}``.

    ``linked`` is None where its version has no table that tells.
    """
    views = answer["views"]
    links = {str(row["address"]): bool(row["active_connections"])
             for row in views.get("internode_outbound", ())}
    states = {str(row["address"]): (row["status_with_port"] or "").split(",")[0]
              for row in views.get("gossip_info", ())}
    view = {str(row["host_id"]): {
        "name": _address(row), "schema": str(row["schema_version"]),
        "linked": links.get(str(row["peer"]), False) if "internode_outbound" in views else None,
        "state": states.get(str(row["peer"]), "")} for row in answer["peers"]}
    local = answer["local"]
    view[str(local["host_id"])] = {"state": states.get(str(local["broadcast_address"]), "")}
    return view


def _busy(views: dict[str, list[dict[str, Any]]]) -> tuple[str, ...]:
    """Names of the work that moves or rewrites data on the member now, sorted."""
    found = {f"streaming ({row['operation']})" for row in views.get("streaming", ())
             if row["status"] not in DONE}
    found |= {str(row["kind"]) for row in views.get("sstable_tasks", ())
              if str(row["kind"]).startswith(BUSY_KINDS)}
    found |= {f"repair of {row['keyspace_name']}" for row in views.get("repairs", ())
              if not row["completed"]}
    return tuple(sorted(found))


def _used(views: dict[str, list[dict[str, Any]]]) -> int | None:
    """MiB of all tables; None where no table tells."""
    if "disk_usage" not in views:
        return None
    return sum(row["mebibytes"] for row in views["disk_usage"])


def _settings(answer: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["value"] or "" for row in answer["views"].get("settings", ())}


def _seeds(settings: dict[str, str]) -> list[str]:
    """Addresses from SimpleSeedProvider's parameters; the port is cut off."""
    found = [SEEDS.search(value) for name, value in settings.items()
             if name.startswith("seed_provider")]
    return [re.sub(r":\d+$", "", seed.strip()) for one in found if one
            for seed in one.group(1).split(",") if seed.strip()]


def _address(row: dict[str, Any]) -> str:
    return str(row.get("native_address") or row.get("rpc_address") or row["peer"])


def _domain(row: dict[str, Any]) -> str:
    return f"{row['data_center']}/{row['rack']}"
