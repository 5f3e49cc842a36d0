"""Who keeps what: tokens, racks and replication, as every member knows them from its configuration.

Stands for the ring of Murmur3Partitioner and NetworkTopologyStrategy ("Dynamo" in Cassandra's
manual): the replicas of a key are the next nodes on the ring, of different racks as long as there
are racks that have none yet.
"""
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cassandra.murmur3 import murmur3

ONE, TWO, THREE, QUORUM, ALL, LOCAL_QUORUM, LOCAL_ONE = 1, 2, 3, 4, 5, 6, 0x0A
NAMES = {"shop": "pairs"}       # keyspace and table of the load
SPAN = 2 ** 64


@dataclass(frozen=True)
class Place:
    """One member's place in the ring."""

    address: str
    host_id: str
    dc: str
    rack: str
    token: int


@dataclass
class Configuration:
    """What cassandra.yaml and cassandra-rackdc.properties hold, and the ring itself."""

    address: str
    port: int
    bus_port: int
    cluster: str
    ring: list[Place]
    seeds: list[str]
    replication: dict[str, int]       # data centre -> copies of the load's keyspace
    password: str = ""                # of the role cassandra; empty: AllowAllAuthenticator
    mode: str = "CASSANDRA_4"         # storage_compatibility_mode, known from 5.0 on

    def save(self, directory: Path) -> None:
        path = directory / "cassandra.json"
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        path.chmod(0o600)

    @classmethod
    def load(cls, directory: Path) -> "Configuration":
        found = json.loads((directory / "cassandra.json").read_text(encoding="utf-8"))
        found["ring"] = [Place(**one) for one in found["ring"]]
        return cls(**found)

    @property
    def own(self) -> Place:
        return next(one for one in self.ring if one.address == self.address)

    @property
    def peers(self) -> list[Place]:
        return [one for one in self.ring if one.address != self.address]

    def replicas(self, key: str) -> list[Place]:
        """The members that keep the key, in the order of the ring."""
        return [one for dc, copies in self.replication.items()
                for one in self._of(dc, murmur3(key.encode()), copies)]

    def _of(self, dc: str, token: int, copies: int) -> list[Place]:
        walk = sorted((one for one in self.ring if one.dc == dc),
                      key=lambda one: (one.token < token, one.token))
        chosen: list[Place] = []
        later: list[Place] = []
        for one in walk:
            taken = one.rack in {each.rack for each in chosen}
            (later if taken else chosen).append(one)
        return (chosen + later)[:copies]


def tokens(count: int) -> list[int]:
    """Evenly spread over the ring."""
    return [-SPAN // 2 + SPAN * number // count for number in range(count)]


def needed(consistency: int, copies: int) -> int:
    """How many replicas must answer."""
    return {ONE: 1, LOCAL_ONE: 1, TWO: 2, THREE: 3, ALL: copies}.get(consistency, copies // 2 + 1)
