"""Each room of the product imports only the rooms that the table in docs/architecture.md names, and
no library that is not its own business."""
import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
ROOMS = {room: set(re.findall(r"`(\w+)`", may))
         for room, may in re.findall(r"^\| `(\w+)/` \|.*\|([^|]*)\|$", TABLE, re.MULTILINE)}
CLOUD_CLIENTS = {"keystoneauth1", "mistral", "mistral_lib", "mistralclient", "openstack",
                 "oslo_config", "oslo_messaging", "troveclient"}
DATABASE_CLIENTS = {"cassandra", "psycopg", "pymongo", "pymysql", "redis", "vertica_python"}
FORBIDDEN = {**dict.fromkeys(("services", "ownership", "notifiers", "actions"), DATABASE_CLIENTS),
             **dict.fromkeys(("schemas", "planning"), CLOUD_CLIENTS | DATABASE_CLIENTS),
             "datastores": CLOUD_CLIENTS}


def modules():
    """(room, file relative to the repository) of every module of the product."""
    return [(room, path.relative_to(ROOT)) for room in ROOMS
            for path in sorted((ROOT / room).rglob("*.py"))]


def imported(path):
    """Dotted names of all that a module of the product imports, inside of functions too."""
    package = ("trove_upgrade", *path.parent.parts)
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] if node.level else ()
            yield from (".".join(filter(None, (*base, node.module, alias.name)))
                        for alias in node.names)


@pytest.mark.parametrize(("room", "path"), modules(), ids=lambda value: str(value))
def test_a_module_imports_only_what_its_room_may(room, path):
    names = [name.split(".") for name in imported(path)]
    reached = {name[1] for name in names if name[0] == "trove_upgrade" and len(name) > 1}
    assert reached - {room} <= ROOMS[room]
    assert {name[0] for name in names}.isdisjoint(FORBIDDEN.get(room, set()))


def test_every_room_of_the_product_is_in_the_table():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests", "docs", "benchmarks"} == set(ROOMS)
