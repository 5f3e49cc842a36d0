"""The hash slots of a Redis/Valkey Cluster, as the lab deals them out."""
from redis.crc import key_slot

SLOTS = 16384


def slot_ranges(shards: int) -> list[tuple[int, int]]:
    """First and last slot of each shard."""
    edges = [SLOTS * n // shards for n in range(shards + 1)]
    return [(low, high - 1) for low, high in zip(edges, edges[1:], strict=False)]


def shard_of(key: str, shards: int) -> int:
    """The shard (0 ...) that a fresh cluster keeps this key in."""
    slot = key_slot(key.encode())
    return next(n for n, (low, high) in enumerate(slot_ranges(shards)) if low <= slot <= high)
