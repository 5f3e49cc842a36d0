"""What the members' own servers say, asked over their own protocol."""
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ..base import Member


def connect(address: str, settings) -> redis.Redis:
    """A connection to one member that gives up soon, does not retry, and does not say what library
    it is: for that each one would look the library's version up."""
    return redis.Redis(address, settings.port, socket_timeout=2, socket_connect_timeout=1,
                       driver_info=None,
                       retry=Retry(NoBackoff(), 0), decode_responses=True,
                       password=settings.password or None)


def members(rows: list[dict], settings) -> list[Member]:
    """One Member per row {id, name, address}; a silent server leaves its facts empty."""
    facts = {row["address"]: _facts(row["address"], settings) for row in rows}
    shards = _shards([fact.pop("nodes", {}) for fact in facts.values()])
    return [Member(**row, port=settings.port, shard=shards.get(row["address"], ""),
                   **facts[row["address"]]) for row in rows]


def is_whole(rows: list[dict], settings) -> bool:
    """True when every server sees the cluster whole and every replica is in sync."""
    found = members(rows, settings)
    return bool(found) and all(each.cluster_ok and each.in_sync and each.shard for each in found)


def _facts(address: str, settings) -> dict:
    try:
        with connect(address, settings) as client:
            info = {**client.info("server"), **client.info("replication")}
            state = client.execute_command("CLUSTER INFO")["cluster_state"]
            nodes = client.execute_command("CLUSTER NODES")
    except (redis.RedisError, OSError):
        return {}
    primary = info["role"] == "master"
    return {"role": "primary" if primary else "replica", "cluster_ok": state == "ok",
            # Valkey also answers redis_version, with the Redis version it is compatible with.
            "version": info.get("valkey_version") or info["redis_version"],
            "in_sync": primary or info.get("master_link_status") == "up", "nodes": nodes}


def _shards(views: list[dict]) -> dict[str, str]:
    """Address -> 'shard-N' from the first full view of the cluster's nodes."""
    view = next((each for each in views if each), {})
    primaries = {}
    for node in view.values():
        if node["slots"]:
            primaries[node["node_id"]] = min(int(slots[0]) for slots in node["slots"])
    order = {identity: f"shard-{number}" for number, identity
             in enumerate(sorted(primaries, key=lambda each: primaries[each]), start=1)}
    return {address.rsplit(":", 1)[0]:
            order.get(node["node_id"]) or order.get(node["master_id"], "")
            for address, node in view.items()}
