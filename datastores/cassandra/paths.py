"""Which release of Cassandra may follow which, and what each writes and reads.

One major at a time, within a major and to the next one any minor ("Upgrades that skip a major
version are not supported", support policy of the Apache Cassandra project; NEWS.txt of each
release, "Upgrading"). Going back is judged by the format of the files.
"""
from ..paths import Paths, series, series_text

PATHS = Paths(
    {"3.11": ["3.0"], "4.0": ["3.11", "3.0"], "4.1": ["4.0", "3.11", "3.0"], "5.0": ["4.1", "4.0"]},
    source="NEWS.txt", strict=True,
    skips="{origin} can't become {target}: go one major at a time, first to the latest {first}, "
          "and run upgradesstables there.",
    unknown="{stranger} is not a release that this driver knows ({known}).")
# First letter of the sstable version that a series writes (BigFormat.java): files of a letter are
# read by every release that writes the same one, and by the next major.
LETTER = {"3.0": "m", "3.11": "m", "4.0": "n", "4.1": "n", "5.0": "o"}
# 5.0 writes files of 4.x in this storage_compatibility_mode, its default (cassandra.yaml of 5.0).
COMPATIBLE = "CASSANDRA_4"


def major(version: str) -> int:
    """``"4.1.9"`` -> ``4``; 0 when there is no number in the version."""
    return next(iter(series(version)), 0)


def letter(version: str, mode: str | None) -> str:
    """The letter of the files that a server writes; of an unknown release one that no other reads.

    :param mode: its storage_compatibility_mode; None where it has none.
    """
    if major(version) == 5 and mode == COMPATIBLE:
        return LETTER["4.1"]
    return LETTER.get(series_text(version), f"?{series_text(version)}")


def reads(origin: str, files: str) -> bool:
    """Whether the release ``origin`` reads files of that letter and not only older ones."""
    return LETTER.get(series_text(origin)) == files
