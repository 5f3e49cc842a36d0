"""Which version of Redis and Valkey may follow which, and which files each can read."""
from ..paths import Oldest, Series, series

PATHS = Oldest("4.0", "it speaks another cluster bus")       # release notes of Redis 4.0
REDIS, VALKEY = "Redis", "Valkey"
# The format of dumps, in which replicas receive full copies, too: RDB_VERSION in rdb.h of each
# series, and of those after it. Each product reads its own older ones.
FORMATS: dict[str, dict[Series, int]] = {
    REDIS: {(4, 0): 8, (5, 0): 9, (7, 0): 10, (7, 2): 11, (7, 4): 12, (8, 6): 13},
    VALKEY: {(7, 2): 11, (9, 0): 80}}
COMMON = 11             # the newest that both products write: Valkey began with Redis 7.2
# Series of Valkey that are none of Redis, by their number; from 9.0 on all of them.
OF_VALKEY = {(8, 1)}
VALKEY_ALONE = (9, 0)
OF_BOTH = {(8, 0)}      # a number of both products, which write different formats in it
# All of them write version 9.
ONE_FORMAT = {(5, 0), (6, 0), (6, 2)}
# From here on the append-only file is several, in a directory (release notes of Redis 7.0).
SEVERAL_FILES = (7, 0)


def same_format(origin: str, target: str) -> bool:
    """Whether both write the same format of dumps, as the patch releases of a minor do."""
    found = {series(origin), series(target)}
    return origin == target or found <= ONE_FORMAT or len(found) == 1 and not found <= OF_BOTH


def foreign_format(product: str, version: str, target: str) -> int:
    """The format that a server writes and the version ``target``, of the other product, can't
    read; 0 where it can, and where ``target`` may be of the same product by its number.

    :param product: of the server: REDIS or VALKEY.
    """
    other = VALKEY if product == REDIS else REDIS
    written = format_of(product, version)
    return written if written > COMMON and product_of(target) == other else 0


def format_of(product: str, version: str) -> int:
    """The format of the dumps that a server writes; 0 of one that is older than the table."""
    return max((number for first, number in FORMATS[product].items() if first <= series(version)),
               default=0)


def product_of(version: str) -> str:
    """REDIS or VALKEY, as the number tells; empty where both have it."""
    number = series(version)
    if number in OF_VALKEY or number >= VALKEY_ALONE:
        return VALKEY
    return "" if number in OF_BOTH or number == (7, 2) else REDIS


def moves_append_only_file(origin: str, target: str) -> bool:
    """Whether ``target`` moves the append-only file of ``origin`` where that does not find it."""
    return series(origin) < SEVERAL_FILES <= series(target)
