"""What the drivers' clients have in common: all members are asked at once."""
import abc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .base import DatastoreError, Member

AT_ONCE = 16


class AskedAtOnce(abc.ABC):
    """The servers of a cluster or a replication set, each asked on a connection of its own.

    :cvar default_port: where a server listens when the access file names no ``port``.
    """

    default_port: int

    def __init__(self, access: dict[str, Any]):
        """:param access: the section of the access file for this driver."""
        self._access = access

    @abc.abstractmethod
    def answer(self, member: Member) -> dict[str, Any]:
        """What one member says, in the words of its datastore.

        :raises DatastoreError: it is unreachable, or refuses.
        """

    def ask(self, member: Member) -> dict[str, Any]:
        """The same; ``{error, code}`` in place of an exception."""
        try:
            return self.answer(member)
        except DatastoreError as error:
            return {"error": error.message, "code": error.code}

    def ask_all(self, members: list[Member]) -> dict[str, dict[str, Any]]:
        """What each member says, by its id; see :meth:`ask`."""
        with ThreadPoolExecutor(min(AT_ONCE, len(members) or 1)) as pool:
            return dict(zip((member.id for member in members), pool.map(self.ask, members),
                            strict=True))

    def _port(self) -> int:
        return int(self._access.get("port", self.default_port))
