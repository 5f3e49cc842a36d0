"""What a kind of guest is: its servers, how a cluster of them is laid, asked and written to.

Trove's process starts and stops the servers (`server`, `form`); the process of the lab's maker
looks at them (`members`), writes to them (`clients`) and lays out what Trove is asked for.
"""
import abc
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

LIST_LENGTH = 20      # the most items that the load appends to one list

if TYPE_CHECKING:
    from ..settings import Settings
    from .archive import Archive
    from .server import ServerProcess


@dataclass(frozen=True)
class Member:
    """One member; role, shard and version are its own server's word ('' when it is silent)."""

    id: str
    name: str
    address: str
    port: int
    role: str = ""        # primary | replica | member
    shard: str = ""       # shard-1 ... ; '' where there are none
    version: str = ""
    in_sync: bool = False      # it has all data, or its link to who has it is up
    cluster_ok: bool = False   # as it sees the cluster

    def as_dict(self) -> dict:
        return asdict(self)


class Client(abc.ABC):
    """One thread's connection for the load, with the retries that its manual recommends.

    Each method raises when it failed after these retries.
    """

    @abc.abstractmethod
    def write(self, key: str, value: str) -> None:
        """Returns when the cluster has acknowledged it. A key is written once, or again with the
        same value when its answer was lost."""

    @abc.abstractmethod
    def read(self, key: str) -> str | None:
        """Its value; None when there is none."""

    @abc.abstractmethod
    def close(self) -> None:
        """Give the connections back."""

    def append(self, name: str, place: int, item: str) -> None:
        """Returns when the cluster has acknowledged the item at the end of the list.

        It is there once, even when it was sent again because its answer was lost. Where a datastore
        has no append that may be repeated, each item is written to a place of its own.

        :param place: how many items were appended before, acknowledged or not.
        """
        self.write(f"{name}/{place}", item)

    def items(self, name: str) -> list[str]:
        """All that was appended to the list, in its order."""
        found = self.read_many([f"{name}/{place}" for place in range(LIST_LENGTH)])
        return [item for item in found if item is not None]

    def write_many(self, pairs: dict[str, str]) -> None:
        """All of them, before the load begins."""
        for key, value in pairs.items():
            self.write(key, value)

    def read_many(self, keys: list[str]) -> list[str | None]:
        """Their values, in order."""
        return [self.read(key) for key in keys]

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()


class Clients(abc.ABC):
    """Makes the load's connections.

    :ivar parts: number of parts (shards) that can be out of service one by one; 1 where all data
        are on every member.
    """

    parts = 1

    @abc.abstractmethod
    def connect(self) -> Client:
        """A new connection."""

    def part_of(self, key: str) -> int:
        """The key's part, 0 ... parts - 1."""
        return 0


class Kind(abc.ABC):
    """One kind of datastore that the lab can run, in an old and a new version.

    :cvar name: name of the lab's kind and of the pack's driver.
    :cvar datastore: name of the datastore in Trove.
    :cvar manager: Trove's manager of it.
    :cvar archive: where its servers are fetched from, which may be out of reach; None where none
        are fetched.
    :cvar starts_alone: a new server is started before the cluster is formed.
    :cvar unprivileged: its servers refuse to run as root; the lab then runs them as `nobody`.
    :cvar replicates: its clusters are replication sets: Trove instances, and no Trove cluster.
    :cvar forward_only: a member that the new version has started on is put back by building it
        anew, and only while the cluster's source is not upgraded.
    :cvar for_operators: Trove shows its tenants some of the members only, so that an administrator
        must look and upgrade.
    :cvar outage: the whole cluster is away during an upgrade, so operations fail.
    :cvar consent: checks that a person who wants its upgrade skips by name, separated by commas.
    """

    name: str
    datastore: str
    manager: str
    archive: "Archive | None" = None
    starts_alone = True
    unprivileged = False
    replicates = False
    forward_only = False
    for_operators = False
    outage = False
    consent = ""

    # In the process of the lab's maker
    @abc.abstractmethod
    def binaries(self) -> dict[str, str]:
        """Version number -> where that version's servers are, the old one first.

        :raises RuntimeError: they can't be had here; what to install.
        """

    @abc.abstractmethod
    def shape(self, **wanted: Any) -> tuple[int, int]:
        """(instances to ask Trove for, layout): the layout is what `form` is given."""

    def properties(self, layout: int) -> dict[str, Any]:
        """The extended_properties that Trove is asked for."""
        return {}

    @abc.abstractmethod
    def members(self, rows: list[dict], settings: "Settings") -> list[Member]:
        """One Member per row {id, name, address}; a silent server leaves its facts empty."""

    @abc.abstractmethod
    def clients(self, nodes: list[tuple[str, int]], settings: "Settings", layout: int) -> Clients:
        """For the load on a cluster with members at these (address, port)."""

    def access(self, settings: "Settings", directory: Path) -> dict[str, Any]:
        """The driver's section of the access file; secrets go to files in the directory."""
        return {"port": settings.port}

    def is_whole(self, rows: list[dict], settings: "Settings") -> bool:
        """Every server sees the cluster whole and every member is in sync."""
        found = self.members(rows, settings)
        return bool(found) and all(each.cluster_ok and each.in_sync for each in found)

    # In Trove's process
    @abc.abstractmethod
    def server(self, instance, directory: Path, address: str, settings: "Settings"
               ) -> "ServerProcess":
        """The server of a new Trove instance."""

    def call(self, member, method: str, *args: Any) -> Any:
        """Any call of Trove's to the guest agent that doubles/guest.py does not answer itself."""
        return None

    @abc.abstractmethod
    def form(self, members: list, layout: int) -> None:
        """Make one cluster of fresh servers; returns when it is whole.

        :param members: of doubles/members.py, in the order in which they were asked for.
        """
