"""The walker, held to the table that the real engine is tested with in tests/embedded."""
from pathlib import Path

import pytest
from mistral_lib.actions import Result

from tests.embedded.walked import CASES, TRIES, cut
from tests.unit.walker import NotWalked, Site, Walker

FLOWS = sorted(Path(__file__).parents[1].glob("embedded/flows/*.yaml"))
GOOD = """\
version: '2.0'
sample.one:
  input: [items]
  tasks:
    start:
      action: std.noop
      on-success: work
    work:
      action: std.echo
      input:
        output: <% $.items %>
"""


class Standard(Site):
    """A few of Mistral's own actions; ``acted`` are those that ran."""

    def __init__(self):
        self.acted = []

    def act(self, name, given, execution):
        self.acted.append(name)
        if name == "std.fail":
            return Result(error=given["error_data"])
        return given["output"] if name == "std.echo" else super().act(name, given, execution)


@pytest.mark.parametrize("case", CASES)
def test_a_walk_ends_as_the_real_engine_does(case):
    workflow, inputs, state, output = CASES[case]
    ended = Walker(FLOWS, Standard()).run(workflow, **inputs)
    assert (ended.state, cut(ended.output, output)) == (state, output)


@pytest.mark.parametrize("wanted", TRIES)
def test_a_step_is_tried_as_often_as_by_the_real_engine(wanted):
    site = Standard()
    Walker(FLOWS, site).run("sample.tries", **{"class": wanted})
    assert site.acted == ["std.fail"] * TRIES[wanted]


def test_members_of_a_wave_take_turns_as_they_are_picked():
    class Last(Standard):
        def pick(self, running):
            return running - 1

    orders = []
    for site in (Standard(), Last()):
        walker = Walker(FLOWS, site)
        walker.run("sample.items", classes=["told", "handled"])
        orders.append(site.acted)
    assert orders[0] == ["std.noop", "std.fail", "std.fail", "std.noop"]
    assert orders[1] == ["std.noop", "std.fail", "std.noop", "std.fail"]


@pytest.mark.parametrize(("good", "bad"), [
    ("action: std.echo", "join: all\n      action: std.echo"),
    ("action: std.echo", "timeout: 3\n      action: std.echo"),
    ("action: std.echo", "keep-result: false\n      action: std.echo"),
    ("on-success: work", "on-success: [work, work_too]\n    work_too: {action: std.noop}"),
    ("on-success: work", "on-success: succeed\n    other: {action: std.noop, on-success: work}"),
    ("on-success: work", "on-success: {publish: {branch: {a: 1}}, next: work}"),
    ("action: std.echo", "with-items: one in <% $.items %>\n      action: std.echo"),
    ("<% $.items %>", "<% $.nothing %>"),
    ("<% $.items %>", "<% tasks(execution().id, true, ERROR) %>"),
    ("<% $.items %>", "<% tasks(another, false, ERROR) %>"),
    ("<% $.items %>", "<% executions() %>"),
    ("action: std.echo\n      input:", "workflow: sample.none\n      input:"),
    ("action: std.echo\n      input:", "workflow: sample.tries\n      input:"),
    ("action: std.echo", "pause-before: true\n      action: std.echo"),
    ("action: std.echo", "action: std.http")])
def test_what_the_walker_does_not_know_is_refused(tmp_path, good, bad):
    path = tmp_path / "one.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert Walker([path], Standard()).run("sample.one", items=["a"]).state == "SUCCESS"
    assert GOOD.count(good) == 1
    broken = tmp_path / "broken.yaml"
    broken.write_text(GOOD.replace(good, bad), encoding="utf-8")
    with pytest.raises(NotWalked):
        Walker([*FLOWS, broken], Standard()).run("sample.one", items=["a"])
