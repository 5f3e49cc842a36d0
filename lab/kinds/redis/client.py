"""The load's client of a Redis Cluster: stock redis-py with its own default retries."""
from redis.cluster import ClusterNode, RedisCluster

from ..base import Client, Clients
from .slots import shard_of


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

    def write_many(self, pairs: dict[str, str]) -> None:
        pipeline = self._cluster.pipeline()
        for key, value in pairs.items():
            pipeline.set(key, value)
        pipeline.execute()

    def read_many(self, keys: list[str]) -> list[str | None]:
        return self._cluster.mget_nonatomic(keys)

    def close(self) -> None:
        self._cluster.close()
