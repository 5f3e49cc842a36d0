"""What the drivers' clients have in common: all members are asked at once."""
import abc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .base import Member

AT_ONCE = 16


class AskedAtOnce(abc.ABC):
    """The servers of a cluster or a replication set, each asked on a connection of its own."""

    @abc.abstractmethod
    def ask(self, member: Member) -> dict[str, Any]:
        """What one member says; ``{error, code}`` when it is unreachable."""

    def ask_all(self, members: list[Member]) -> dict[str, dict[str, Any]]:
        """What each member says, by its id; see :meth:`ask`."""
        with ThreadPoolExecutor(min(AT_ONCE, len(members) or 1)) as pool:
            return dict(zip((member.id for member in members), pool.map(self.ask, members),
                            strict=True))
