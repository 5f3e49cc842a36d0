"""Which version of Redis and Valkey may follow which."""
from ..paths import Oldest, series

PATHS = Oldest("4.0", "it speaks another cluster bus")       # release notes of Redis 4.0


def same_format(origin: str, target: str) -> bool:
    """Whether both write the same format of dumps, as the patch releases of a minor do."""
    return series(origin) == series(target)
