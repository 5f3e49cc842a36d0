"""Every kind of fault has a cell for every driver, and each cell names only what exists."""
import ast
import functools
import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from trove_upgrade.datastores import GROUP

from docs.tools import faults, source

ROOT = Path(__file__).parents[2]
DRIVERS = sorted(one.name for one in distribution("trove-upgrade").entry_points
                 if one.group == GROUP)
KINDS = faults.kinds()
CELLS = [pytest.param(driver, cell, id=f"{kind.letter}-{driver}")
         for kind in KINDS for driver, cell in kind.cells.items()]
# Of these nothing can be seen to fail.
NOTHING_ASKED = {"cannot happen", "not asked"}
TAKING_AWAY = re.compile(r"\b(forget|remove|delete|drop|stop|shut|kill|wipe)", re.IGNORECASE)


@functools.cache
def functions(path):
    """Names of the functions and methods of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@functools.cache
def texts(driver):
    """All texts in the driver's modules and in those that drivers share, as far as fixed;
    docstrings are left out."""
    places = [part for part, served in source.SHARED.items() if driver in served.split(", ")]
    paths = [path for part in (".", driver, *places)
             for path in (ROOT / "datastores" / part).glob("*.py")]
    nodes = [node for path in paths
             for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
    return [source.words(node) for node in nodes if node not in docstrings
            and isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp)]


def checks_of(driver):
    return {one.name for one in source.checks() if {"all", driver} & {*one.driver.split(", ")}}


def test_every_kind_says_something_of_every_driver():
    assert [kind.letter for kind in KINDS] == list("ABCDEFGHIJ")
    assert {kind.letter: sorted(kind.cells) for kind in KINDS} == {
        kind.letter: DRIVERS for kind in KINDS}


@pytest.mark.parametrize(("driver", "cell"), CELLS)
def test_a_cell_names_only_what_exists(driver, cell):
    assert cell.outcomes
    assert set(cell.outcomes) <= set(faults.OUTCOMES)
    assert set(cell.checks) <= checks_of(driver)
    assert set(cell.codes) <= set(source.errors())
    assert [words for words in cell.says if not any(words in text for text in texts(driver))] == []
    assert [test for test in cell.tests
            if test.split("::")[1] not in functions(test.split("::")[0])] == []


@pytest.mark.parametrize(("driver", "cell"), CELLS)
def test_what_a_cell_claims_is_asked_by_something_and_held_by_a_test(driver, cell):
    """Of a plan that refuses there is a check, of a run that stops a code, of a gate or a note its
    words."""
    by = {"plan refuses": cell.checks, "gate waits": cell.says + cell.codes,
          "run stops": cell.codes, "plan says": cell.says}
    assert [one for one in cell.outcomes if not by.get(one, True)] == []
    assert cell.tests or set(cell.outcomes) <= NOTHING_ASKED
    assert cell.how.endswith(".")


def test_no_remedy_tells_to_take_away_what_was_not_understood():
    remedies = {one.driver: one.remedy for one in source.checks() if one.name == "members_match"}
    assert len(remedies) == len(DRIVERS) - 2        # MySQL's and MariaDB's is one; generic has none
    assert [words for words in remedies.values() if TAKING_AWAY.search(words)] == []
