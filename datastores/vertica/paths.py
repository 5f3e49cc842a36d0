"""Which version of Vertica may follow which."""
import re

from ..paths import Paths, in_turn

PATHS = Paths(
    in_turn("9.0", "9.1", "9.2", "9.3", "10.0", "10.1", "11.0", "11.1", "12.0",
            "23.3", "23.4", "24.1", "24.2", "24.3", "24.4"),
    source="Vertica, Upgrade Paths: each major and minor release in turn",
    no_way_down="the first start of a newer version converts the catalog, and only a backup "
                "brings the older one back")


def newer_than(version: str, other: str) -> bool:
    """Whether a version is newer than another as far as both tell: 11.1.1.2 is not newer than
    11.1."""
    left, right = _numbers(version), _numbers(other)
    shared = min(len(left), len(right))
    return left[:shared] > right[:shared]


def is_on(version: str, wanted: str) -> bool:
    """Whether the version is the wanted one, as far as that tells."""
    numbers = _numbers(wanted)
    return bool(numbers) and _numbers(version)[:len(numbers)] == numbers


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
