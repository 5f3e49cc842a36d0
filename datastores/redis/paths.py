"""Which version of Redis and Valkey may follow which, and which files each can read."""
from ..paths import Oldest, series

PATHS = Oldest("4.0", "it speaks another cluster bus")       # release notes of Redis 4.0
# All of them write version 9 of the dump (RDB_VERSION in rdb.h of each).
ONE_FORMAT = {(5, 0), (6, 0), (6, 2)}
# From here on the append-only file is several, in a directory (release notes of Redis 7.0).
SEVERAL_FILES = (7, 0)


def same_format(origin: str, target: str) -> bool:
    """Whether both write the same format of dumps, as the patch releases of a minor do."""
    found = {series(origin), series(target)}
    return len(found) == 1 or found <= ONE_FORMAT


def moves_append_only_file(origin: str, target: str) -> bool:
    """Whether ``target`` moves the append-only file of ``origin`` where that does not find it."""
    return series(origin) < SEVERAL_FILES <= series(target)
