"""What people read."""
import io
import json

import pytest
from rich.console import Console
from trove_upgrade.interfaces import live, outcome, progress, report

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


def test_where_the_site_is_known_its_pages_are_named(monkeypatch):
    plan = json.loads(json.dumps(trees.PLAN))
    refusing = [one["name"] for one in plan["checks"] if not one["ok"]]
    look = progress.Progress("x", "ERROR", "done", message="Failed.", result={
        "status": "failed", "errors": [{"code": "gate_closed"}, {"code": "gate_closed"}]})
    assert not any("more:" in one for one in [*report.plan_lines(plan), *report.result_lines(look)])
    monkeypatch.setenv("TROVE_UPGRADE_DOCS", "https://docs.example.org/up/")
    assert [one for one in report.plan_lines(plan) if "more:" in one] == [
        f"  more: https://docs.example.org/up/docs/checks.html#{one}" for one in refusing]
    assert report.result_lines(look)[1:] == [
        "  more: https://docs.example.org/up/docs/actions.html#gate_closed"]


PREFIX = "orders-production-eu-west-1-reporting-member-"


def renamed(document):
    """The same with long names, which differ at their ends."""
    return json.loads(json.dumps(document).replace('"shop-', f'"{PREFIX}'))


def fits(lines, *ends):
    """They fit 80 columns, the names are told apart, and the common part is told once."""
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    assert sum(PREFIX in line for line in lines) == 1
    for end in ends:
        assert any(f"..{end}" in line for line in lines), end


def test_a_plan_fits_80_columns():
    plan = renamed(trees.PLAN)
    plan["checks"][0] = {"name": "members_healthy", "answer": "no", "ok": False, "skipped": False,
                         "message": "It is behind. " * 12, "remedy": "Wait."}
    lines = report.plan_lines(plan, 80)
    fits(lines, "1", "3", "4")
    assert " ".join(" ".join(lines).split()).count("It is behind.") == 12
    assert any(PREFIX + "3" in line for line in report.plan_lines(plan)), "a pipe gets all"


def test_what_show_says_fits_80_columns():
    look = progress.build(upgrading(), NOW)
    for one in look.members:
        one.name = one.name.replace("shop-", PREFIX)
    fits(report.progress_lines(look, 78), "1", "3")
    assert len(report.progress_lines(look)) == len(look.members)


def test_the_live_view_fits_80_columns():
    look = progress.build(upgrading(), NOW)
    for one in look.members:
        one.name = one.name.replace("shop-", PREFIX)
    console = Console(file=io.StringIO(), width=80, color_system=None)
    for each in live._table(look, 80):
        console.print(each)
    fits(console.file.getvalue().splitlines(), "1", "3")


@pytest.mark.parametrize(("state", "status", "code"), [
    ("RUNNING", "", 8), ("PAUSED", "", 6), ("CANCELLED", "", 7), ("SUCCESS", "upgraded", 0),
    ("SUCCESS", "nothing_to_do", 0), ("ERROR", "refused", 3), ("ERROR", "rolled_back", 4),
    ("ERROR", "stopped", 5), ("ERROR", "failed", 5), ("ERROR", "aborted", 7), ("ERROR", "", 5)])
def test_each_way_to_stand_has_its_exit_code(state, status, code):
    look = progress.Progress("x", state, "", result={"status": status} if status else None)
    assert outcome.exit_code(look) == code
    assert code in outcome.MEANING
