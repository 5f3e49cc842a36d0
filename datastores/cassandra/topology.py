"""From what the members answered to facts: racks, seeds, and how each sees the others."""
import re
from collections.abc import Iterable
from typing import Any

from ..addresses import host_of
from ..base import ClusterFacts, Facts, Member

SEEDS = re.compile(r"seeds=([^}]*)")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
DONE = {"success", "failure"}       # ends of a stream (StreamingState.Status)
FAILURES = ("commit_failure_policy", "disk_failure_policy")
# Kinds of sstable_tasks that belong to a repair or rewrite all tables (OperationType.java).
BUSY_KINDS = ("validation", "anticompaction", "upgrade sstables", "cleanup", "scrub")


def build(members: Iterable[Member], answers: dict[str, dict[str, Any]]) -> ClusterFacts:
    """Facts of all members from :meth:`Servers.ask_all`."""
    members = list(members)
    heard = [answer for answer in answers.values() if "error" not in answer]
    seeds = {seed for answer in heard for seed in _seeds(_settings(answer))}
    rows = _rows_of_silent([one for one in members if "error" in answers[one.id]], heard)
    return {member.id: _spoken(member, answers[member.id], seeds)
            if "error" not in answers[member.id]
            else _unheard(member, answers[member.id], rows.get(member.id), seeds)
            for member in members}


def _rows_of_silent(silent: list[Member], heard: list[dict]) -> dict[str, dict[str, Any]]:
    """What the others have recorded of the members that do not answer, by the members' ids.

    Each is the node at its address. Where the ring has other addresses than Trove knows, as many
    nodes as members are left over; which is whose does not matter then, since all of them are
    unavailable.
    """
    claimed = {str(answer["local"]["host_id"]) for answer in heard}
    left = {str(row["host_id"]): row for answer in heard for row in answer["peers"]
            if row["host_id"] and str(row["host_id"]) not in claimed}
    found: dict[str, dict[str, Any]] = {}
    for one in silent:
        node = next((node for node, row in left.items()
                     if one.address in (_address(row), str(row["peer"]))), "")
        if node:
            found[one.id] = left.pop(node)
    unplaced = [one.id for one in silent if one.id not in found]
    if len(unplaced) == len(left):
        found |= dict(zip(unplaced, left.values(), strict=True))
    return found


def _unheard(member: Member, answer: dict[str, Any], row: dict | None, seeds: set) -> Facts:
    """Facts of an unreachable member; its rack and host id are those that the others have
    recorded."""
    native = {"node": str(row["host_id"]) if row else "", "code": answer["code"],
              "seed": member.address in seeds}
    return Facts(member.id, member.name, domain=_domain(row) if row else "",
                 problems=(answer["error"],), native=native, address=member.address)


def _spoken(member: Member, answer: dict[str, Any], seeds: set) -> Facts:
    local, settings = answer["local"], _settings(answer)
    view, gossip = _view(answer), _states(answer["views"])
    own = str(local["host_id"])
    state = view.pop(own, {}).get("state", "")
    native = {"node": own, "schema": str(local["schema_version"]), "view": view,
              "gossip": [(address, _node_at(address, answer), said)
                         for address, said in sorted(gossip.items())],
              "hint_window_sec": _hint_window(settings, str(local["data_center"])),
              "hints_limit": _hints_limit(settings),
              "seed": member.address in seeds, "busy": _busy(answer["views"]),
              "keyspaces": answer["keyspaces"], "mode": settings.get("storage_compatibility_mode"),
              "auth": not settings.get("authenticator", "").endswith("AllowAllAuthenticator"),
              "used_mib": _used(answer["views"]),
              "sync": _sync(settings), "unheeded": _unheeded(settings)}
    return Facts(member.id, member.name, answers=True, version=local["release_version"],
                 identity=f"{own}/{local['gossip_generation']}", server_id=own,
                 domain=_domain(local),
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
    states = _states(views)
    view = {str(row["host_id"]): {
        "name": _address(row), "schema": str(row["schema_version"]),
        "linked": links.get(str(row["peer"]), False) if "internode_outbound" in views else None,
        "state": states.get(str(row["peer"]), "")} for row in answer["peers"] if row["host_id"]}
    local = answer["local"]
    view[str(local["host_id"])] = {"state": states.get(str(local["broadcast_address"]), "")}
    return view


def _states(views: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """The first word of each row of gossip, such as NORMAL, by the address in the ring."""
    return {str(row["address"]): (row["status_with_port"] or "").split(",")[0]
            for row in views.get("gossip_info", ())}


def _node_at(address: str, answer: dict[str, Any]) -> str:
    """Host id of the peer at this address of the ring; empty of one that is not recorded, such as
    a node that joins."""
    if address == str(answer["local"]["broadcast_address"]):
        return str(answer["local"]["host_id"])
    return next((str(row["host_id"]) for row in answer["peers"]
                 if str(row["peer"]) == address and row["host_id"]), "")


def _sync(settings: dict[str, str]) -> str:
    """After which time the commit log is on disk where writes are acknowledged before; empty where
    they wait for it (batch, group), and where that is not told.

    The setting is ``commitlog_sync_period``, such as 10000ms, or before 4.1
    ``commitlog_sync_period_in_ms``.
    """
    if settings.get("commitlog_sync") != "periodic":
        return ""
    millis = settings.get("commitlog_sync_period_in_ms")
    return settings.get("commitlog_sync_period") or (f"{millis}ms" if millis else "its period")


def _unheeded(settings: dict[str, str]) -> list[str]:
    """Settings by which the member goes on when its disk fails, and tells nobody."""
    return [f"{name} = {settings[name]}" for name in FAILURES
            if settings.get(name) in ("ignore", "best_effort")]


def _hint_window(settings: dict[str, str], dc: str) -> int | None:
    """For how many seconds hints are kept for a member that is down; None where that is not told.

    The setting is ``max_hint_window``, such as 3h, or before 4.1 ``max_hint_window_in_ms``. None
    are kept for members of ``hinted_handoff_disabled_datacenters``, such as ``[dc2, dc3]``.
    """
    without = re.findall(r"[^\[\], ]+", settings.get("hinted_handoff_disabled_datacenters", ""))
    if settings.get("hinted_handoff_enabled") == "false" or dc in without:
        return 0
    if millis := settings.get("max_hint_window_in_ms"):
        return int(millis) // 1000
    told = re.fullmatch(r"(\d+)(ms|s|m|h|d)", settings.get("max_hint_window", ""))
    return int(int(told[1]) * SECONDS[told[2]]) if told else None


def _hints_limit(settings: dict[str, str]) -> str:
    """How large the hints for one member may become (4.1 and later); empty without a limit."""
    told = settings.get("max_hints_size_per_host", "")
    return told if re.match(r"0*[1-9]", told) else ""


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
    return [host_of(seed.strip()) for one in found if one
            for seed in one.group(1).split(",") if seed.strip()]


def _address(row: dict[str, Any]) -> str:
    return str(row.get("native_address") or row.get("rpc_address") or row["peer"])


def _domain(row: dict[str, Any]) -> str:
    return f"{row['data_center']}/{row['rack']}"
