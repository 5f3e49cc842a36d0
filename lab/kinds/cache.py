"""Where the lab keeps servers between its runs, in reach of who runs them."""
import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def directory(name: str) -> Path:
    """The cache of this name. Root's own may be closed to `nobody`, who runs the servers.

    :raises RuntimeError: it can't be used; what to do.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    if not base:
        base = "/var/cache" if os.getuid() == 0 else str(Path.home() / ".cache")
    cache = Path(base) / "trove-upgrade" / name
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RuntimeError(f"no place for the lab's servers: {error}; "
                           "set XDG_CACHE_HOME to a directory that can be written") from error
    if closed := closed_to_nobody(cache):
        raise RuntimeError(f"{name} must not run as root, and `nobody` can't enter {closed}: "
                           "set XDG_CACHE_HOME to a directory that all can enter")
    return cache


def closed_to_nobody(path: Path) -> Path | None:
    """The directory that `nobody`, who runs root's servers, can't enter; None for none."""
    if os.getuid() != 0:
        return None
    closed = [one for one in (path, *path.parents) if not one.stat().st_mode & 0o001]
    return closed[-1] if closed else None


@contextlib.contextmanager
def locked(cache: Path) -> Iterator[None]:
    """One process at a time; the others wait for what it fetches."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
