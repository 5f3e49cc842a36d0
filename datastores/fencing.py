"""What the drivers that fence a source share: they wait, and believe only what they see."""
import time
from collections.abc import Callable

from .base import DatastoreError, Member
from .polling import wait_until

FENCE_SEC = 8.0        # for open transactions to end, and for the candidate to apply what is left
POLL_SEC = 0.05
STILL_SEC = 0.5        # for so long nobody has written


def no_fence(member: Member, complaint: str) -> DatastoreError:
    """The error of a fence that was not possible, and is taken down."""
    return DatastoreError("no_fence", f"{member.name} {complaint}; its writes go on.", passing=True,
                          instance=member.id)


def deadline() -> float:
    """Until when a fence that is begun now has to hold, by ``time.monotonic()``."""
    return time.monotonic() + FENCE_SEC


def wait(until: float, done: Callable[[], object], member: Member, complaint: str) -> None:
    """Return when it is done.

    :param until: by ``time.monotonic()``.
    :raises DatastoreError: code ``no_fence``: it was not in time.
    """
    if not wait_until(done, until, POLL_SEC):
        raise no_fence(member, f"{complaint} within {FENCE_SEC:.0f} s")


def stands_still(until: float, position: Callable[[], str], member: Member, complaint: str) -> str:
    """The position of a source that nobody has written to for a while.

    :param position: asks for it; it moves with every write.
    :raises DatastoreError: code ``no_fence``: it went on.
    """
    seen = [""]

    def still() -> bool:
        seen[0] = position()
        time.sleep(STILL_SEC)
        return position() == seen[0]

    wait(until, still, member, complaint)
    return seen[0]
