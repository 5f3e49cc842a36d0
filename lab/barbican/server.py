"""The lab's Barbican: the real one, in a process of its own, on SQLite.

`python -m trove_upgrade.lab.barbican.server --dir DIR [--parent PID] [--remove DIR]`

DIR/.barbican/barbican.conf was written by the one who starts it (barbican.py). When it answers,
DIR/barbican.json appears: {"url", "pid"}.
"""
import os
import sysconfig
import warnings
from pathlib import Path

from .. import serving

PASTE = "etc/barbican/barbican-api-paste.ini"       # where its wheel puts it


def main() -> None:
    chosen = serving.options("The lab's Barbican")
    warnings.simplefilter("ignore")         # Barbican's own and its libraries', of no use here
    os.environ["HOME"] = str(Path(chosen.dir).resolve())    # each of its plugins reads it anew
    serving.serve(_application(), "barbican", chosen)


def _application():
    from paste.deploy import loadapp
    return loadapp(f"config:{Path(sysconfig.get_path('data')) / PASTE}")


if __name__ == "__main__":
    main()
