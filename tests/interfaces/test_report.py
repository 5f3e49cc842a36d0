"""What people read."""
import io

import pytest
from rich.console import Console
from trove_upgrade.interfaces import live, progress, report

from tests.interfaces import trees
from tests.interfaces.trees import member, part, root, upgrading

NOW = progress.seconds(trees.at(20))


def test_lines_say_each_change_once():
    lines = []
    show = report.Lines(lines.append)
    show(progress.build(upgrading(), NOW))
    show(progress.build(upgrading(), NOW))
    assert lines == ["[    20 s] upgrading",
                     "[    20 s] shop-3 (replica, shard-1): upgraded after 5 s",
                     "[    20 s] shop-4 (replica, shard-2): awaiting evidence"]
    show(progress.build(upgrading(
        children=[member("m3", "SUCCESS", 4, 9), member("m4", "ERROR", 4, 10)],
        open_tasks=part("undo")), NOW))
    assert lines[3:] == ["[    20 s] rolling back",
                         "[    20 s] shop-4 (replica, shard-2): failed after 6 s"]


def test_pause_is_said():
    lines = []
    report.Lines(lines.append)(progress.build(upgrading(root=root("PAUSED")), NOW))
    assert lines[0].endswith("paused")


def test_plan_names_order_checks_and_rollback_path():
    text = "\n".join(report.plan_lines(trees.PLAN))
    assert "Cluster shop (redis): 8.1.8 -> 9.1.2" in text
    assert text.index("shop-3") < text.index("shop-4") < text.index("shop-1")
    assert "REFUSES  version_path    Too far. -> Go by 8.2 first." in text
    for words in ("Rollback path: On its own data.", "Point of no return: Finalising.",
                  "Finalise (auto): Save a dump.", "Note: Slow.", "Ready."):
        assert words in text


def test_a_check_that_could_not_ask_is_neither_ok_nor_refusing():
    asked = {"name": "may_lead", "answer": "unknown", "ok": False, "skipped": False,
             "message": "Not known: shop-3.", "remedy": "Let us reach it."}
    assert report.check_lines({"checks": [asked]}) == [
        "  unknown  may_lead  Not known: shop-3. -> Let us reach it."]
    assert report.check_lines({"checks": [asked | {"skipped": True}]})[0].startswith("  skipped")


def test_result_names_members_and_commands():
    result = {"status": "stopped", "summary": "Stopped.", "undo": "undo it", "resume": "go on",
              "failed": [{"id": "m4", "name": "shop-4", "version": ""}]}
    look = progress.Progress("x", "ERROR", "done", message="Stopped.", result=result)
    assert report.result_lines(look) == [
        "Stopped.", "  failed: shop-4 (no answer)", "  to resume: go on", "  to undo: undo it"]


@pytest.mark.parametrize("state", ["RUNNING", "PAUSED"])
def test_live_view_shows_every_member(state):
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with live.Live(console) as show:
        show(progress.build(upgrading(root=root(state)), NOW))
    text = console.file.getvalue()
    for words in ("shop-1", "shop-2", "shop-3", "shop-4", "awaiting evidence", "1/4 members"):
        assert words in text
