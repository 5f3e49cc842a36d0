"""The load's client of a Redis Cluster: stock redis-py with its own default retries."""
from redis.cluster import ClusterNode, RedisCluster

from ..base import Client, Clients
from .slots import shard_of

# RPUSH, and nothing when a try whose answer was lost has appended it already.
APPEND = """
if not redis.call('LPOS', KEYS[1], ARGV[1]) then
    redis.call('RPUSH', KEYS[1], ARGV[1])
end
"""


class RedisClients(Clients):
    """`parts` are the shards of a fresh cluster."""

    def __init__(self, nodes: list[tuple[str, int]], password: str, shards: int):
        self.nodes, self.password, self.parts = nodes, password or None, shards

    def connect(self) -> "RedisClient":
        nodes = [ClusterNode(address, port) for address, port in self.nodes]
        return RedisClient(RedisCluster(
            startup_nodes=nodes, password=self.password, decode_responses=True,
            socket_timeout=2, socket_connect_timeout=1))

    def part_of(self, key: str) -> int:
        return shard_of(key, self.parts)


class RedisClient(Client):
    """What fails here fails in an application, too."""

    def __init__(self, cluster: RedisCluster):
        self._cluster = cluster

    def write(self, key: str, value: str) -> None:
        self._cluster.set(key, value)

    def read(self, key: str) -> str | None:
        return self._cluster.get(key)

    def append(self, name: str, place: int, item: str) -> None:
        self._cluster.eval(APPEND, 1, name, item)

    def items(self, name: str) -> list[str]:
        return self._cluster.lrange(name, 0, -1)

    def write_many(self, pairs: dict[str, str]) -> None:
        pipeline = self._cluster.pipeline()
        for key, value in pairs.items():
            pipeline.set(key, value)
        pipeline.execute()

    def read_many(self, keys: list[str]) -> list[str | None]:
        return self._cluster.mget_nonatomic(keys)

    def close(self) -> None:
        self._cluster.close()
