"""A lock kept as a Mistral environment, owned by an execution and taken over after that has ended.

Mistral deletes and changes environments unconditionally. So whoever ends or takes over the lock of
execution X first creates `LOCK.takeover.X.0`: one of them can. A takeover lock whose maker died
under it is left behind; once it is TAKEOVER_SEC old its successor `LOCK.takeover.X.1` may be
created, again by one only. A takeover lock's maker touches nothing any more after half that time.
"""
import itertools
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..datastores.polling import polls
from ..schemas import UpgradeError

if TYPE_CHECKING:       # so that it can be tested without any client
    from ..services.environments import Environments

TAKEOVER_SEC = 60
TRY_SEC = 10.0
PAUSE_SEC = 0.2
FLAGS = ("abort", "pause_after")     # what the operator writes into it


class EnvironmentLock:
    """The lock ``name`` in a project.

    :param is_over: whether an execution has proven to be over, by its id.
    """

    def __init__(self, environments: "Environments", name: str, is_over: Callable[[str], bool]):
        self._environments = environments
        self._name = name
        self._is_over = is_over

    def read(self) -> dict[str, Any]:
        """Its record, with ``owner``; empty when nobody holds it."""
        return self._environments.read(self._name) or {}

    def take(self, record: dict[str, Any]) -> None:
        """Take it for ``record["owner"]``; the lock of an execution that has ended is taken over.

        :raises UpgradeError: code ``locked``, naming who holds it.
        """
        for _ in polls(TRY_SEC, PAUSE_SEC):
            if self._environments.create(self._name, record):
                return
            found = self.read()
            holder = found.get("owner", "")
            if holder == record["owner"]:
                self._renew(found, record)
                return
            if holder and not self._is_over(holder):
                raise locked(holder)
            if holder and self._succeed(holder, record):
                return
        raise _in_other_hands()

    def release(self, owner: str) -> bool:
        """Release it if ``owner`` holds it; returns whether it did.

        :raises UpgradeError: code ``locked``, class retry: somebody else is at it, or died at it.
        """
        with self._alone_with(owner) as is_mine:
            if is_mine():
                self._environments.delete(self._name)
                return True
        if self.read().get("owner") == owner:
            raise _in_other_hands()
        return False

    def _renew(self, found: dict[str, Any], record: dict[str, Any]) -> None:
        """Write a record that an earlier try has written; the operator's flags in it stay."""
        wanted = record | {flag: found.get(flag) for flag in FLAGS}
        if wanted != found:
            self._environments.replace(self._name, wanted)

    def _succeed(self, dead: str, record: dict[str, Any]) -> bool:
        with self._alone_with(dead) as is_mine:
            if is_mine():
                self._environments.replace(self._name, record)
                return True
        return False

    @contextmanager
    def _alone_with(self, owner: str):
        """Yield a function: does ``owner`` still own the lock, while nobody else may change it?"""
        begin = time.monotonic()
        made = self._takeover_locks(owner)
        try:
            yield lambda: (bool(made) and self.read().get("owner") == owner
                           and time.monotonic() - begin < TAKEOVER_SEC / 2)
        finally:
            for name in made:
                self._environments.delete(name)

    def _takeover_locks(self, owner: str) -> list[str]:
        """Names of the takeover locks to remove afterwards, those left behind first; empty for
        none."""
        left: list[str] = []
        for number in itertools.count():
            name = f"{self._name}.takeover.{owner}.{number}"
            if self._environments.create(name, {"owner": owner}):
                return [*left, name]
            if not self._environments.is_older(name, TAKEOVER_SEC):
                return []
            left.append(name)
        return []


def _in_other_hands() -> UpgradeError:
    return UpgradeError("locked", "The lock of this cluster is being given back or taken over.",
                        "retry")


def locked(owner: str) -> UpgradeError:
    """The error that names who holds the cluster, and what to do."""
    return UpgradeError("locked", f"Execution {owner} upgrades this cluster. Wait for it, or abort "
                        "it.", "stop")
