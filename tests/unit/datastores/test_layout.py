"""Every datastore has the same rooms, and only some of them open connections."""
import ast
import sys
from pathlib import Path

import pytest
from trove_upgrade import datastores
from trove_upgrade.datastores.base import Driver

HOME = Path(datastores.__file__).parent
PURE = ("gate", "paths", "topology")
# MariaDB's sets are MySQL's, in MariaDB's words.
FOLDERS = sorted(path.parent for path in HOME.glob("*/driver.py")
                 if path.parent.name != "mariadb_replication")


def imported(path):
    """Names of the modules that a file imports; those of our own begin with a dot."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield from ([f".{node.module}"] if node.module else
                        [f".{one.name}" for one in node.names])
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_decisions_open_no_connection(folder):
    for name in PURE:
        found = set(imported(folder / f"{name}.py"))
        assert {one.split(".")[0] for one in found if one[0] != "."} <= sys.stdlib_module_names
        assert found.isdisjoint({".client", ".driver", ".servers", ".access", ".mysql"})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_is_decided_is_decided_by_the_facts_and_a_driver_only_reads_and_acts(folder):
    decisions = {"checks", "checks_towards", "blockers", "waves", "waves_back", "path", "candidate",
                 "closed_rollback_path", "still_coming", "texts", "bake_before"}
    driver = datastores.drivers()[folder.name]
    assert issubclass(driver, Driver)
    assert decisions.isdisjoint(vars(driver))
