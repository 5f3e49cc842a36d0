"""``python -m docs.tools`` writes the reference pages; with --check it only says what differs."""
import argparse
import difflib
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parents[1]


def main() -> int:
    """1 when --check found a page that is not as the source says."""
    parser = argparse.ArgumentParser(prog="python -m docs.tools", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    warnings.simplefilter("ignore")      # troveclient brings eventlet, which warns of itself
    from .commands import command_line
    from .faults import page as faults
    from .pages import PAGES
    pages = {**PAGES, "command-line.md": command_line, "what-servers-do-not-say.md": faults}
    return max([_page(HERE / name, make(), check) for name, make in pages.items()])


def _page(path: Path, wanted: str, check: bool) -> int:
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    if found == wanted:
        return 0
    if not check:
        path.write_text(wanted, encoding="utf-8")
        print(f"wrote {path.resolve().relative_to(HERE.parent)}")
        return 0
    sys.stdout.writelines(difflib.unified_diff(
        found.splitlines(keepends=True), wanted.splitlines(keepends=True),
        f"docs/{path.name}", "as the source says", n=1))
    return 1


if __name__ == "__main__":
    sys.exit(main())
