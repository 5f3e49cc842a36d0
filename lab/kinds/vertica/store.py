"""What a node keeps on its disk: the catalog with its version, and rows.

Stands for the catalog that a newer Vertica converts at its first start, as the manual tells
("Upgrade Paths", "Before You Upgrade", 11.0): each major and minor release in turn, and no older
version on a converted catalog. A row is on the disk before it is acknowledged; a power loss is not
played, so nothing is synced.
"""
import json
from pathlib import Path

SERIES = ("9.0", "9.1", "9.2", "9.3", "10.0", "10.1", "11.0", "11.1", "12.0", "23.3", "23.4",
          "24.1", "24.2", "24.3", "24.4")


class CatalogError(Exception):
    """The server of this version does not start on this catalog."""


class Store:
    """The files of one node in `directory`, opened by a server of `version`.

    Raises CatalogError when that version may not open them.
    """

    def __init__(self, directory: Path, version: str):
        self._catalog, self._data = directory / "catalog.json", directory / "data.jsonl"
        self.version = version
        self.rows: dict[str, str] = {}
        _check(self.catalog_version(), version)
        if self._data.exists():
            # The last line may be half written: then it was never acknowledged.
            lines = self._data.read_text(encoding="utf-8").split("\n")[:-1]
            self.rows = dict(json.loads(line) for line in lines)
        self._log = self._data.open("a", encoding="utf-8")

    def catalog_version(self) -> str:
        """The version that wrote the catalog last; empty for a new database."""
        if not self._catalog.exists():
            return ""
        return json.loads(self._catalog.read_text(encoding="utf-8"))["version"]

    def convert(self) -> None:
        """The database is up: the catalog is this version's from now on."""
        temporary = self._catalog.with_suffix(".new")
        temporary.write_text(json.dumps({"version": self.version}), encoding="utf-8")
        temporary.replace(self._catalog)

    def keep(self, rows: dict[str, str]) -> None:
        """Returns when they are on the disk."""
        fresh = {key: value for key, value in rows.items() if self.rows.get(key) != value}
        self._log.writelines(json.dumps(pair) + "\n" for pair in fresh.items())
        self._log.flush()
        self.rows |= fresh


def _check(catalog: str, version: str) -> None:
    if not catalog:
        return
    if _numbers(version) < _numbers(catalog):
        raise CatalogError(f"the catalog was written by v{catalog}: v{version} can't read it")
    behind = SERIES.index(_series(version)) - SERIES.index(_series(catalog))
    if behind > 1:
        raise CatalogError(f"the catalog was written by v{catalog}: upgrade to "
                           f"{SERIES[SERIES.index(_series(catalog)) + 1]} before v{version}")


def _series(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
