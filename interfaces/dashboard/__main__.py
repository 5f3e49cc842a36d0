"""``python -m trove_upgrade.interfaces.dashboard``: switch the plugin on in a Horizon, or off."""
import argparse
import importlib.util
import shutil
import sys
from pathlib import Path

OURS = "trove_upgrade.interfaces.dashboard"
OTHERS = ("trove_dashboard", "mistraldashboard")


def main(arguments: list[str] | None = None) -> int:
    """Copy the enabled files; 1 when there is no Horizon to copy them into."""
    options = _parser().parse_args(arguments)
    folder = Path(options.to) if options.to else _local()
    if folder is None or not folder.is_dir():
        print("There is no openstack_dashboard/local/enabled here. Run this with the Python of "
              "Horizon, or name the folder: --to DIR.", file=sys.stderr)
        return 1
    packages = (OURS, *(OTHERS if options.with_all and not options.remove else ()))
    for source in (file for package in packages for file in _files(package)):
        print(_apply(source, folder, options.remove))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {OURS}", description="Switch the plugin on in the Horizon of this Python. "
        "Afterwards run collectstatic and compress, and restart Horizon.")
    parser.add_argument("--to", metavar="DIR",
                        help="folder of enabled files (default: openstack_dashboard/local/enabled)")
    parser.add_argument("--with-all", action="store_true",
                        help="with the files of trove-dashboard and mistral-dashboard, where they "
                             "are installed and not switched on yet")
    parser.add_argument("--remove", action="store_true", help="switch the plugin off again")
    return parser


def _local() -> Path | None:
    """The folder of the Horizon that this Python sees."""
    found = importlib.util.find_spec("openstack_dashboard")
    return Path(found.origin).parent / "local" / "enabled" if found and found.origin else None


def _files(package: str) -> list[Path]:
    found = importlib.util.find_spec(package)
    origin = Path(found.origin).parent if found and found.origin else Path("nowhere")
    return sorted((origin / "enabled").glob("_[0-9]*.py"))


def _apply(source: Path, folder: Path, remove: bool) -> str:
    target = folder / source.name
    if remove:
        target.unlink(missing_ok=True)
        return f"removed {target}"
    if target.exists() and "trove_upgrade" not in source.name:
        return f"kept {target}"
    shutil.copyfile(source, target)
    return f"wrote {target}"


if __name__ == "__main__":
    sys.exit(main())
