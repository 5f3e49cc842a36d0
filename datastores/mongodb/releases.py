"""Which release may follow which.

Source: the manual's "Release Notes", page "Upgrade a Sharded Cluster" of each release: "you must be
running" the release before it.
"""
import re

# Each may be reached from the one before it, and go back to it while its data allow that.
PATH = ("4.4", "5.0", "6.0", "7.0", "8.0")
CONFIRMED_FROM = (7, 0)     # setFeatureCompatibilityVersion must be confirmed
# "Downgrade 7.0 to 6.0": not supported (Community), or with MongoDB's help only (Enterprise).
NO_WAY_DOWN_FROM = "7.0"


def series(version: str) -> str:
    """"7.0.15" -> "7.0"; empty when there is no number in it."""
    found = re.match(r"\d+\.\d+", version or "")
    return found.group() if found else ""


def numbers(version: str) -> tuple[int, ...]:
    """"7.0.15" -> (7, 0)"""
    return tuple(int(part) for part in series(version).split(".") if part)


def newer(one: str, other: str) -> bool:
    """Whether the series of ``one`` is newer than that of ``other``."""
    return numbers(one) > numbers(other)


def step(origin: str, target: str) -> str:
    """Why ``target`` may not follow ``origin``; empty when it may."""
    ends = series(origin), series(target)
    if ends[0] == ends[1]:
        return ""
    for version, end in zip((origin, target), ends, strict=True):
        if end not in PATH:
            return (f"{version or 'a version without a number'} is not on the path of major "
                    f"releases: {' -> '.join(PATH)}.")
    here, there = (PATH.index(end) for end in ends)
    if abs(there - here) == 1:
        return ""
    between = PATH[here + 1:there] if there > here else PATH[here - 1:there:-1]
    return f"From {ends[0]} to {ends[1]} the way is by {', '.join(between)}, each finalised."
