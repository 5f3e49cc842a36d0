"""Version numbers: what is newer, and whether a server runs what a Trove version stands for."""
import re
from typing import Literal

from ..datastores.base import Member
from .documents import Version

KEYS: tuple[Literal["id", "name", "number"], ...] = ("id", "name", "number")


def numbers(text: str) -> tuple[int, ...]:
    """``"9.1.2-r1"`` -> ``(9, 1, 2)``; empty when there is no number in it."""
    found = re.search(r"\d+(?:\.\d+)*", text or "")
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def number_of(version: Version) -> str:
    """The number of a Trove datastore version; old Trove has only names."""
    return str(version.get("number") or version["name"])


def reference(version: Version) -> str:
    """What names it and no other: its name, or its id where versions of one name could differ by
    their number."""
    return version["name"] if number_of(version) == version["name"] else version["id"]


def called(version: Version) -> str:
    """What people read of it: its name, and its number where the name does not tell that."""
    number = number_of(version)
    return version["name"] if number in version["name"] else f"{version['name']} ({number})"


def bears(member: Member, version: Version) -> bool:
    """Whether Trove has recorded this version for the member. Versions of one name differ by their
    number, where Trove tells it."""
    return member.version == version["name"] and (
        not member.number or member.number == number_of(version))


def recorded(member: Member) -> str:
    """The version that Trove has recorded for the member, as one word for comparison."""
    return f"{member.version} {member.number}".strip()


def most_specific(versions: list[Version]) -> Version | None:
    """The one whose number has the most parts; None when there is none, or several alike."""
    lengths = [len(numbers(number_of(one))) for one in versions]
    best = [one for one, length in zip(versions, lengths, strict=True) if length == max(lengths)]
    return best[0] if len(best) == 1 else None


def runs(evidence: str, version: Version) -> bool:
    """Whether a server that says ``evidence`` runs the Trove version.

    A version whose number has fewer parts (9.1) covers every release of it (9.1.2).
    """
    if evidence in (version["name"], version.get("number")):
        return bool(evidence)
    wanted = numbers(number_of(version))
    return bool(wanted) and numbers(evidence)[:len(wanted)] == wanted


def older(one: str, other: str) -> bool:
    """Whether ``one`` is older than ``other``, as far as both tell."""
    left, right = numbers(one), numbers(other)
    shared = min(len(left), len(right))
    return left[:shared] < right[:shared]


def find(versions: list[Version], wanted: str) -> list[Version]:
    """The versions with this id, else with this name, else with this number."""
    for key in KEYS:
        found = [version for version in versions if version.get(key) == wanted]
        if found:
            return found
    return []
