"""Every action ends by itself: what it waits for, it waits for as long as a step's try may take.

Tasks have no `timeout` in the workflows (docs/decisions/0032-trust.md), so this must hold.
"""
import ast
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[2] / "actions").glob("*.py"))
# Looks until the bake time is over, at most for a try: `end` in it.
LOOKS_BY_ITSELF = {("wave.py", "WatchHealth")}


def waits(path):
    """What a module waits with, but for LOOKS_BY_ITSELF: loops, sleeps and polls."""
    for top in ast.parse(path.read_text()).body:
        if (path.name, getattr(top, "name", "")) in LOOKS_BY_ITSELF:
            continue
        for node in ast.walk(top):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.While) or name in ("time.sleep", "polls"):
                yield node


def bounded(node):
    """Polls for a try; or goes through a list that gets shorter."""
    if isinstance(node, ast.Call):
        return bool(node.args) and ast.unparse(node.args[0]) in (
            "self.job['try_sec']", "self._job['try_sec']")
    return ast.unparse(node.test) == "others"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_action_waits_no_longer_than_a_try(path):
    assert [ast.unparse(node) for node in waits(path) if not bounded(node)] == []


def test_the_loop_that_looks_by_itself_ends_with_a_try():
    text = (FILES[0].parent / "wave.py").read_text()
    assert "end = min(self.until, time.time() + self.job[\"try_sec\"])" in text


def test_what_has_no_end_is_found(tmp_path):
    path = tmp_path / "one.py"
    path.write_text("class A:\n  def step(self):\n    for _ in polls(self.until, 1): pass\n"
                    "    while True: time.sleep(1)\n")
    assert sum(not bounded(node) for node in waits(path)) == 3
