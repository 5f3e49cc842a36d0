"""What the pages show, from hand-made trees of executions: no browser, no services."""
import html.parser
import json
import re
from types import SimpleNamespace

import pytest

from tests.dashboard import pages

pages.set_up()

from django.template.loader import render_to_string  # noqa: E402
from django.utils import translation  # noqa: E402
from trove_upgrade.interfaces import progress  # noqa: E402
from trove_upgrade.interfaces.dashboard import look, messages, picture, plan, words  # noqa: E402
from trove_upgrade.interfaces.dashboard import progress as ours  # noqa: E402
from trove_upgrade.interfaces.shapes import Upgrade  # noqa: E402

from tests.interfaces import trees  # noqa: E402
from tests.interfaces.trees import member, part, root, task, upgrading  # noqa: E402

NOW = progress.seconds(trees.at(20))
RESULT = {"status": "rolled_back", "summary": "It failed and was undone.", "upgraded": [],
          "skipped": [], "rolled_back": [{"id": "m3", "name": "shop-3", "version": "8.1.8"}],
          "failed": [], "todo": [], "undo": "", "resume": "trove-upgrade run ...", "notes": ["N."],
          "errors": [{"code": "no_evidence", "class": "rollback", "instance": "m3",
                      "message": "shop-3 did not come back."}]}


def ended(state="ERROR", **result):
    return upgrading(
        root=root(state, 15, output=json.dumps({**RESULT, **result})), open_tasks=[],
        children=[member("m3", "ERROR", 4, 8), member("m3", "SUCCESS", 9, 12, undo=True)])


def refused():
    """By a check: no member was touched."""
    return upgrading(
        root=root("ERROR", 5, output=json.dumps({**RESULT, "status": "refused"})), children=[],
        open_tasks=[])


def at_phase(name, state="RUNNING"):
    within = {"take_lock": "prepare", "bake": "complete"}.get(name)
    inner = [task(name, "RUNNING", 4, "x")] if within else []
    return upgrading(root=root(state), children=[], open_tasks=[*part(within or name), *inner])


ALL = {
    "wave": upgrading(), "paused": upgrading(root=root("PAUSED")),
    "planning": progress.Tree(root=root()), "locking": at_phase("take_lock"),
    "baking": at_phase("bake"), "undoing": at_phase("undo"), "finishing": at_phase("report"),
    "undone": ended(), "good": ended("SUCCESS", status="upgraded", errors=[]),
    "stopped": ended(status="stopped", undo="trove-upgrade run ..."),
    "failed": ended(status="failed"), "refused": refused(),
    "cancelled": progress.Tree(root=root("CANCELLED", 5), plan=trees.PLAN)}


def seen(tree, may=True, newest=True, kind="upgrade"):
    return look.look_at(progress.build(tree, NOW), kind, may, newest)


def render(tree, **options):
    shown = seen(tree, **options)
    run = shown.progress
    return render_to_string("trove_upgrade/_live.html", {
        "look": shown, "progress": run, "cluster_id": "c-1", "picture": picture.picture(run),
        "plan": plan.show(run.plan) if run.plan else None,
        "state": words.RUN_STATES[run.state], "state_style": words.RUN_STYLES[run.state],
        "status": words.STATUSES.get(shown.status, "")})


# What is offered
@pytest.mark.parametrize(("name", "actions"), [
    ("wave", ["pause", "abort"]), ("paused", ["resume", "abort"]), ("finishing", []),
    ("undone", []), ("stopped", ["rollback"]), ("good", []), ("refused", [])])
def test_buttons_are_those_that_apply(name, actions):
    assert seen(ALL[name]).actions == actions


@pytest.mark.parametrize("name", ALL)
def test_who_may_not_act_gets_no_button(name):
    text = render(ALL[name], may=False)
    assert "btn-default" not in text
    assert "btn-primary" not in text
    assert "btn-danger" not in text


def test_what_was_overtaken_offers_no_rollback_path():
    assert seen(ALL["stopped"], newest=False).actions == []
    assert not seen(ALL["stopped"], newest=False).again


def test_open_rollback_path_can_be_closed():
    tree = ended("SUCCESS", status="upgraded", undo="trove-upgrade run ...", errors=[])
    tree.plan = {**trees.PLAN, "direction": "forward", "finalize": {"mode": "manual", "steps": []}}
    assert seen(tree).actions == ["finalize", "rollback"]
    tree.plan["direction"] = "back"
    assert seen(tree).actions == ["rollback"]


@pytest.mark.parametrize(("name", "again"), [
    ("undone", True), ("stopped", True), ("cancelled", True), ("good", False), ("wave", False)])
def test_what_ended_badly_can_be_started_again_and_says_what_to_do(name, again):
    shown = seen(ALL[name])
    assert shown.again is again
    assert bool(shown.next) is again


def test_run_that_was_ended_by_hand_is_not_called_failed():
    """Mistral then fills in the defaults of the output."""
    silent = {"status": "failed", "errors": [], "rolled_back": [], "summary": "No report."}
    shown = seen(ended(**silent))
    assert shown.status == ""
    assert "ended from outside" in str(shown.next)
    assert seen(ALL["failed"]).status == "failed"


# How it reads
@pytest.mark.parametrize(("name", "states"), [
    ("planning", ["current", *["waiting"] * 4]),
    ("locking", ["done", "current", *["waiting"] * 3]),
    ("wave", ["done", "done", "current", "waiting", "waiting"]),
    ("good", ["done"] * 5),
    ("undoing", ["done", "done", "failed", "current", "waiting"]),
    ("undone", ["done", "done", "failed", "done", "done"]),
    ("refused", ["done", "failed", *["waiting"] * 3]),
    ("cancelled", ["done", "done", "failed", "waiting", "waiting"])])
def test_steps_say_where_it_stands(name, states):
    assert [step.state for step in seen(ALL[name]).steps] == states


def test_members_are_told_in_words():
    rows = {row.name: row for row in seen(upgrading()).rows}
    assert str(rows["shop-4"].state) == "restarting on the new version"
    assert (rows["shop-3"].version, rows["shop-3"].took_sec, rows["shop-3"].wave) == ("9.1.2", 5,
                                                                                    "1")
    assert seen(upgrading()).headline == "Upgrading shop-4."
    assert seen(upgrading()).detail == "1 of 4 members are on 9.1.2."


def test_while_it_is_undone_the_box_says_who_failed_and_why():
    failed = {**member("m3", "ERROR", 4, 8), "output": json.dumps(
        {"failure": [{"code": "no_evidence", "message": "shop-3 did not come back."}]})}
    shown = seen(upgrading(
        root=root(), open_tasks=part("undo"),
        children=[failed, member("m3", "RUNNING", 9, 9, undo=True)]))
    assert shown.headline == ("shop-3 failed: shop-3 did not come back. What was changed is being "
                              "put back.")
    assert (shown.alert, shown.actions) == ("warning", [])


def test_refused_attempts_hide_neither_the_last_upgrade_nor_its_buttons():
    def upgrade(number, state="SUCCESS", message=""):
        return Upgrade(f"run-{number}", "upgrade", "c-1", "9.1.2", state, message, trees.at(number),
                       "")
    refusal = "The upgrade of cluster shop is refused: [lock_free] Another one has it."
    newest_first = [upgrade(3, "ERROR", refusal), upgrade(2), upgrade(1)]
    assert ours.last(newest_first).id == "run-2"
    assert ours.last(newest_first[:1]).id == "run-3"
    assert ours.not_overtaken(newest_first, "run-2")
    assert not ours.not_overtaken(newest_first, "run-1")
    assert str(words.state_of(newest_first[0])[0]) == "Refused"


def test_checks_that_say_no_come_first():
    shown = plan.show(trees.PLAN)
    assert [one.name for one in shown.checks] == ["version_path", "members_active"]


def test_names_from_outside_are_escaped():
    tree = upgrading(plan={**trees.PLAN, "members": [
        {**one, "name": "<script>alert(1)</script>"} for one in trees.PLAN["members"]]})
    assert "<script" not in render(tree)
    assert "&lt;script&gt;" in render(tree)


# What comes from the pack and from the cluster, not from the templates.
DATA = [*sorted({text for check in trees.PLAN["checks"]
                 for text in (check["message"], check["remedy"]) if text}, key=len, reverse=True),
        trees.PLAN["rollback_path"], trees.PLAN["point_of_no_return"], trees.PLAN["backup"],
        "Save a dump.", RESULT["summary"], RESULT["errors"][0]["message"], "N.",
        *(f"shop-{n}" for n in range(1, 5)), "shard-1", "shard-2"]


# Content security policy, languages, eyes that can't see
class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self._stack = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._stack.append(tag)

    def handle_endtag(self, tag):
        self._stack.pop()

    def handle_data(self, data):
        if data.strip() and "code" not in self._stack:
            self.texts.append(data.strip())


@pytest.mark.parametrize("name", ALL)
def test_nothing_inline_that_a_content_security_policy_refuses(name):
    for tag, attributes in Tags(render(ALL[name])).tags:
        assert tag not in ("script", "style", "iframe", "object")
        assert "style" not in attributes
        assert not [one for one in attributes if one.startswith("on")]
        assert not attributes.get("href", "").startswith("javascript:")


@pytest.mark.parametrize("name", ALL)
def test_every_word_of_ours_can_be_translated(name, monkeypatch):
    """In a language that puts what is translated in brackets, nothing is left beside them."""
    mark = SimpleNamespace(
        gettext=lambda text: f"«{text}»", pgettext=lambda context, text: f"«{text}»",
        ngettext=lambda one, many, n: f"«{one if n == 1 else many}»")
    for function, replacement in vars(mark).items():
        monkeypatch.setattr(translation._trans, function, replacement, raising=False)
    for text in Tags(render(ALL[name])).texts:
        while (inner := re.sub(r"«[^«»]*»", "", text)) != text:
            text = inner
        for known in DATA:
            text = text.replace(known, "")
        assert not re.search("[A-Za-z]", text), text


@pytest.mark.parametrize("path", [*messages.HERE.glob("locale/*/LC_MESSAGES/django.po")],
                         ids=lambda path: path.parents[1].name)
def test_translation_is_complete_and_compiled(path):
    """When it is not: python -m trove_upgrade.interfaces.dashboard.messages, and translate."""
    catalog = messages.update(path)
    assert [one.id for one in catalog if one.id and not all(
        [one.string] if isinstance(one.string, str) else one.string)] == []
    assert path.with_suffix(".mo").read_bytes() == messages.compiled(catalog)
    with translation.override(path.parents[1].name):
        assert "Mitglieder" in render(ALL["wave"])


def test_picture_shows_work_failure_and_undo():
    drawn = picture.picture(progress.build(ended(), NOW))
    kinds = [bar.kind for bar in drawn.bars if bar.y == picture.TOP]
    assert kinds == ["old", "failed", "undo", "old"]
    places = [bar.x for bar in drawn.bars if bar.y == picture.TOP]
    assert places == sorted(places)
    assert picture.picture(progress.build(progress.Tree(root=root()), NOW)) is None


def test_picture_has_the_order_of_the_table():
    shown = seen(ended())
    assert [name for _, name in picture.picture(shown.progress).lanes] == [
        row.name for row in shown.rows] == ["shop-3", "shop-4", "shop-1", "shop-2"]


def test_picture_marks_the_pauses_behind_all_lanes():
    shown = progress.build(upgrading(), NOW)
    drawn = picture.picture(shown, [(shown.started + 1, shown.started + 5), (NOW - 2, None)])
    first, now = drawn.pauses
    assert (first.kind, first.hint) == ("pause", "paused for 4 s")
    assert now.x + now.width == picture.WIDTH - picture.RIGHT
    assert ("pause", "paused") in [(kind, text) for _, kind, text in drawn.legend]
    assert "paused" not in [text for *_, text in picture.picture(shown).legend]


def test_picture_of_days_has_few_marks():
    tree = upgrading()
    drawn = picture.picture(progress.build(tree, NOW + 3 * 24 * 3600))
    assert 2 < len(drawn.marks) <= picture.MARKS + 1
    assert drawn.marks[-1][1].endswith("h")


def test_plan_that_is_refused_says_what_to_do():
    text = render_to_string("trove_upgrade/_plan.html", {"plan": plan.show(trees.PLAN | {
        "ready": False})})
    assert "It can't start like this." in text
    assert "Too far. Go by 8.2 first." in text
    assert '<span class="label label-danger">no</span>' in text


def test_plan_says_which_checks_could_not_ask():
    unknown = {"name": "may_lead", "answer": "unknown", "ok": False, "skipped": False,
               "message": "Not known: shop-3.", "remedy": "Let us reach it."}
    shown = plan.show(trees.PLAN | {"ready": False, "checks": [unknown]})
    text = render_to_string("trove_upgrade/_plan.html", {"plan": shown})
    assert '<span class="label label-danger">unknown</span>' in text
    assert shown.refusals == shown.checks
