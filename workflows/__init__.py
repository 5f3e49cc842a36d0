"""The workflows: one a file, named after the last part of the workflow's name."""
import logging
import re
from importlib import resources
from pathlib import Path

from stevedore import ExtensionManager

LOG = logging.getLogger(__name__)
GROUP = "mistral.preinstalled_workflows"
BRANCH = re.compile(r"^trove_upgrade\.datastore\.[a-z][a-z0-9_]*:", re.MULTILINE)


def paths() -> list[str]:
    """Paths of all definitions; the entry point ``mistral.preinstalled_workflows`` calls this."""
    root = resources.files(__package__)
    return sorted(str(path) for folder in (root, root / "datastore")
                  for path in folder.iterdir() if path.name.endswith(".yaml"))


def names() -> list[str]:
    """Names of all workflows, told by their files."""
    return [f"trove_upgrade.{'datastore.' if path.parent.name == 'datastore' else ''}{path.stem}"
            for path in map(Path, paths())]


def installed() -> list[str]:
    """Paths of all definitions, and of the branches of datastores that other packages bring.

    Other workflows that are installed in the same way are none of ours.
    """
    manager: ExtensionManager = ExtensionManager(GROUP, on_load_failure_callback=_skip)
    given = [path for plugin in manager for path in plugin.plugin()]
    own = paths()
    return [*own, *sorted({path for path in map(str, given) if path not in own
                           and BRANCH.search(Path(path).read_text(encoding="utf-8"))})]


def _skip(_manager: ExtensionManager, entry_point, error: Exception) -> None:
    LOG.warning("The workflows of %s are left out: %s", entry_point.value, error)
