"""What may follow what, and what each release writes and reads: small tables with their sources."""
import re

# One major at a time, within a major and to the next one any minor ("Upgrades that skip a major
# version are not supported", support policy of the Apache Cassandra project; NEWS.txt of each
# release, "Upgrading"). The newest release that is known here has no successor.
NEXT = {
    "3.0": ("3.0", "3.11", "4.0", "4.1"),
    "3.11": ("3.11", "4.0", "4.1"),
    "4.0": ("4.0", "4.1", "5.0"),
    "4.1": ("4.1", "5.0"),
    "5.0": ("5.0",),
}
# First letter of the sstable version that a series writes (BigFormat.java): files of a letter are
# read by every release that writes the same one, and by the next major.
LETTER = {"3.0": "m", "3.11": "m", "4.0": "n", "4.1": "n", "5.0": "o"}
# 5.0 writes files of 4.x in this storage_compatibility_mode, its default (cassandra.yaml of 5.0).
COMPATIBLE = "CASSANDRA_4"


def series(version: str) -> str:
    """``"4.1.9"`` -> ``"4.1"``; a bare major stands for its first series."""
    numbers = [*re.findall(r"\d+", version)[:2], "0", "0"]
    return ".".join(numbers[:2])


def major(version: str) -> int:
    return int(series(version).split(".")[0])


def path(origin: str, target: str) -> str:
    """Why target may not follow origin; empty when it may. Going back is judged by the files."""
    before, after = series(origin), series(target)
    if _key(after) < _key(before) or after in NEXT.get(before, ()):
        return ""
    if before not in NEXT or after not in NEXT:
        unknown = before if before not in NEXT else after
        return f"{unknown} is not a release that this driver knows ({', '.join(NEXT)})."
    between = [one for one in NEXT[before] if major(one) == major(before) + 1]
    return (f"{origin} can't become {target}: go one major at a time, first to the latest "
            f"{between[-1]}, and run upgradesstables there.")


def letter(version: str, mode: str | None) -> str:
    """Of the files that a server writes; of an unknown release one that no other reads."""
    if major(version) == 5 and mode == COMPATIBLE:
        return LETTER["4.1"]
    return LETTER.get(series(version), f"?{series(version)}")


def reads(origin: str, files: str) -> bool:
    """Whether the release ``origin`` reads files of that letter and not only older ones."""
    return LETTER.get(series(origin)) == files


def _key(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.split(".")))
