"""What the drivers' clients have in common: all members are asked at once, and waited for."""
import abc
import time
from collections.abc import Callable
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


def wait_until(done: Callable[[], object], deadline: float, pause_sec: float) -> bool:
    """Ask again and again, at least once, and say whether the answer was yes in time.

    :param deadline: by ``time.monotonic()``.
    :param pause_sec: seconds between two questions.
    """
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause_sec)
    return True
