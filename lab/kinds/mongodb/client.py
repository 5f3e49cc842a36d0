"""The load's client: stock pymongo on the routers, with its own default retries.

Acknowledged by a majority, as the manual advises for what must survive an election, and retryable
writes and reads, which are the driver's default.
"""
import uuid

from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError

from ..base import Client, Clients
from . import native


class MongoClients(Clients):
    """One part: a cluster of the lab has one shard."""

    def __init__(self, nodes: list[tuple[str, int]], password: str):
        self.routers = [f"{address}:{port}" for address, port in native.routers(nodes)]
        self.collection = f"load_{uuid.uuid4().hex[:8]}"     # one cluster may see several loads
        self.login = {"username": native.USER, "password": password} if password else {}

    def connect(self) -> "MongoDocuments":
        client: MongoClient = MongoClient(self.routers, w="majority", readConcernLevel="majority",
                                          connectTimeoutMS=2000, **self.login)
        return MongoDocuments(client, self.collection)


class MongoDocuments(Client):
    """A key is the `_id` of a document."""

    def __init__(self, client: MongoClient, collection: str):
        self._client = client
        self._documents = client.lab[collection]

    def write(self, key: str, value: str) -> None:
        try:
            self._documents.insert_one({"_id": key, "value": value})
        except DuplicateKeyError:       # written by a try whose answer was lost
            if self.read(key) != value:
                raise

    def read(self, key: str) -> str | None:
        found = self._documents.find_one({"_id": key})
        return found["value"] if found else None

    def append(self, name: str, place: int, item: str) -> None:
        # The driver's own retry is told apart by its number, so it appends nothing twice.
        self._documents.update_one({"_id": name}, {"$push": {"items": item}}, upsert=True)

    def items(self, name: str) -> list[str]:
        found = self._documents.find_one({"_id": name})
        return found["items"] if found else []

    def write_many(self, pairs: dict[str, str]) -> None:
        self._documents.insert_many([{"_id": key, "value": value} for key, value in pairs.items()])

    def read_many(self, keys: list[str]) -> list[str | None]:
        there = {one["_id"]: one["value"] for one in self._documents.find({"_id": {"$in": keys}})}
        return [there.get(key) for key in keys]

    def close(self) -> None:
        self._client.close()
