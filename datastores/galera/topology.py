"""From what the members answered to facts: who is in the group and how well it follows."""
import re
from collections.abc import Iterable
from typing import Any

from .. import plugins
from ..base import ClusterFacts, Facts, Member
from .paths import MARIADB, PXC

# Half of where a member starts to hold the others back (gcs.fc_limit, 16 by default).
QUEUE_LIMIT = 8
UNITS = {"": 1, "K": 2 ** 10, "M": 2 ** 20, "G": 2 ** 30, "T": 2 ** 40}
GCACHE_BYTES = 128 * 2 ** 20  # Galera's own default
COUNTERS = ("wsrep_replicated_bytes", "wsrep_received_bytes", "wsrep_flow_control_paused_ns")


def build(members: Iterable[Member], answers: dict[str, dict[str, Any]], now: float,
          before: ClusterFacts | None = None, owed: bool = False) -> ClusterFacts:
    """Facts of all members from :meth:`Servers.ask_all`.

    :param now: seconds by our own clock.
    :param before: what was read last; rates are of the time since then.
    :param owed: finalising will upgrade the system tables of MariaDB's members.
    """
    before = before or {}
    return {member.id: _facts(member, answers[member.id], now, before.get(member.id), owed)
            for member in members}


def _facts(member: Member, answer: dict[str, Any], now: float, before: Facts | None,
           owed: bool) -> Facts:
    if "error" in answer:
        return Facts(member.id, member.name, domain=member.name, problems=(answer["error"],),
                     native={"code": answer["code"]}, address=member.address)
    status, variables = answer["status"], answer["variables"]
    native = _native(status, variables) | {"read": now, "plugins": answer.get(
        "plugins", plugins.NOT_ASKED)}
    version = re.split(r"[^\d.]", variables["version"])[0]
    tables = owed and native["product"] == MARIADB
    return Facts(member.id, member.name, answers=True, domain=member.name, version=version,
                 identity=str(answer["now"] - native["uptime"]),
                 problems=tuple(_problems(member.name, native)),
                 settings={"tables": version} if tables else {},
                 native=native | _rates(native, before), address=member.address)


def _native(status: dict[str, str], variables: dict[str, str]) -> dict[str, Any]:
    options = variables.get("wsrep_provider_options", "")
    return {
        "product": MARIADB if "MariaDB" in variables["version"] else PXC,
        "status": status.get("wsrep_cluster_status", "none"),
        "state": status.get("wsrep_local_state_comment", "none"),
        "ready": status.get("wsrep_ready") == "ON",
        "connected": status.get("wsrep_connected") == "ON",
        "size": _number(status, "wsrep_cluster_size"),
        "arbitrators": arbitrators(status), "weight": weight_in(options),
        "votes": _number(status, "wsrep_cluster_weight") or _number(status, "wsrep_cluster_size"),
        "rejects": variables.get("wsrep_reject_queries", "NONE") != "NONE",
        "read_only": variables.get("read_only") not in (None, "OFF", "0"),
        "apart": variables.get("wsrep_on") == "OFF", "splits": splits_in(options),
        "fast_shutdown": variables.get("innodb_fast_shutdown"),
        "view": (status.get("wsrep_cluster_state_uuid", ""),
                 status.get("wsrep_cluster_conf_id", "")),
        "queue": _number(status, "wsrep_local_recv_queue"),
        "last": _number(status, "wsrep_last_committed"),
        "cached_from": _number(status, "wsrep_local_cached_downto"),
        "gcache": size_in(options),
        "uptime": _number(status, "uptime"), "clients": _number(status, "threads_connected"),
        "max_clients": _number(variables, "max_connections"),
        "writes": _number(status, "wsrep_replicated"),
        "durable": variables.get("innodb_flush_log_at_trx_commit") == "1",
        "paused": float(status.get("wsrep_flow_control_paused") or 0),
        **{name: _number(status, name) for name in COUNTERS}}


def arbitrators(status: dict[str, str]) -> int:
    """How many of the group hold no data (garbd): they vote, and tell no address for clients."""
    told = status.get("wsrep_incoming_addresses")
    return sum(not one.strip() for one in told.split(",")) if told else 0


def weight_in(options: str) -> int:
    """How many votes a member has: ``pc.weight`` in ``wsrep_provider_options``."""
    found = re.search(r"pc\.weight\s*=\s*(\d+)", options, re.IGNORECASE)
    return int(found[1]) if found else 1


def splits_in(options: str) -> list[str]:
    """The options by which a part of the group that is no majority takes writes as well."""
    found = re.findall(r"pc\.(ignore_quorum|ignore_sb)\s*=\s*(?:true|yes|on|1)\b", options,
                       re.IGNORECASE)
    return [f"pc.{name.lower()}" for name in found]


def size_in(options: str) -> int:
    """Bytes of ``gcache.size`` in ``wsrep_provider_options``."""
    found = re.search(r"gcache\.size\s*=\s*(\d+)\s*([KMGT]?)", options, re.IGNORECASE)
    return int(found[1]) * UNITS[found[2].upper()] if found else GCACHE_BYTES


def _rates(now: dict[str, Any], before: Facts | None) -> dict[str, float]:
    """``{bytes_sec, paused}``: since the last look; at the first one, since the server's start."""
    mean = _written(now) / max(1, now["uptime"])
    then = before.native if before is not None and before.answers else now
    spent = now["read"] - then["read"]
    if spent <= 0 or now["uptime"] < spent:       # the first look, or at a server started since
        return {"bytes_sec": mean, "paused": now["paused"]}
    paused = now["wsrep_flow_control_paused_ns"] - then["wsrep_flow_control_paused_ns"]
    return {"bytes_sec": max(mean, (_written(now) - _written(then)) / spent),
            "paused": max(0.0, paused / spent / 1e9)}


def _written(native: dict[str, Any]) -> int:
    return native["wsrep_replicated_bytes"] + native["wsrep_received_bytes"]


def _problems(name: str, native: dict[str, Any]) -> list[str]:
    found = []
    if native["status"] != "Primary":
        found.append(f"{name} is in no primary component (wsrep_cluster_status "
                     f"{native['status']})")
    if native["state"] != "Synced":
        found.append(f"{name} is not synced (wsrep_local_state_comment {native['state']})")
    if not native["connected"]:
        found.append(f"{name} is not connected to its group")
    if not native["ready"]:
        found.append(f"{name} is not ready for statements")
    if native["rejects"]:
        found.append(f"{name} rejects its clients' statements (wsrep_reject_queries)")
    if native["apart"]:
        found.append(f"{name} keeps its clients' writes from the group (wsrep_on is OFF)")
    if native["queue"] > QUEUE_LIMIT:
        found.append(f"{name} has {native['queue']} write sets to apply (limit {QUEUE_LIMIT})")
    return found


def _number(status: dict[str, str], name: str) -> int:
    found = re.match(r"\d+", status.get(name) or "")
    return int(found.group()) if found else 0
