"""The pack's workflows keep the rules, and each rule catches what it is for."""
from pathlib import Path

import pytest
from trove_upgrade.workflows import paths

from docs.tools import flows
from tests.workflows import broken, lint

FLOWS = [flows.read(path) for path in paths()]
BY_NAME = {flow.name: flow for flow in FLOWS}
EACH = pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name.split(".", 1)[1])
CAUGHT = [(rule, *case) for rule, cases in broken.CAUGHT.items() for case in cases]


@EACH
@pytest.mark.parametrize("rule", lint.RULES, ids=lambda rule: rule.__name__)
def test_rule_is_kept(flow, rule):
    assert rule(flow) == []


@EACH
def test_calls_match_what_is_called(flow, world):
    assert lint.call_sites(flow, world) == []


def test_every_rule_has_a_definition_that_it_catches():
    assert set(broken.CAUGHT) == set(lint.RULES)


@pytest.mark.parametrize("rule", lint.RULES, ids=lambda rule: rule.__name__)
def test_good_definition_passes(rule):
    assert rule(flows.parse(broken.GOOD, "workflows/sample.yaml")) == []


@pytest.mark.parametrize(("rule", "old", "new", "words"), CAUGHT,
                         ids=[f"{case[0].__name__}-{case[3]}" for case in CAUGHT])
def test_rule_catches(rule, old, new, words):
    found = rule(flows.parse(broken.changed(old, new), "workflows/sample.yaml"))
    assert any(words in sentence for sentence in found), found


@pytest.mark.parametrize(("old", "new", "words"), broken.CALLS,
                         ids=[case[2] for case in broken.CALLS])
def test_call_lint_catches(old, new, words, world):
    assert lint.call_sites(flows.parse(broken.GOOD), world) == []
    assert words in lint.call_sites(flows.parse(broken.changed(old, new)), world)


def test_exceptions_are_all_still_needed():
    open_ones = {(flow.name, task.name, clause) for flow in FLOWS for task in flow.tasks.values()
                 for clause in flows.CLAUSES if not flows.closed(task.clause(clause))}
    assert open_ones == set(lint.ENDS_OPEN)


def test_several_workflows_in_a_file_are_refused():
    with pytest.raises(ValueError, match="one workflow a file, not 2"):
        flows.parse(broken.GOOD + "trove_upgrade.other: {}\n")


def test_the_branch_of_another_package_is_held_to_the_same_inputs(world):
    example = Path(__file__).parents[2] / "docs" / "examples" / "third_party_driver"
    path = example / "acme_trove_upgrade" / "acme.yaml"
    text = path.read_text(encoding="utf-8")
    for branch, wrong in ((text, []), (text.replace("- run\n", "- plan\n"), [
            "roll: input plan is missing", "roll: input run is unknown"])):
        acme = flows.parse(branch)
        more = lint.World({**world.flows, acme.name: acme}, world.actions)
        assert lint.call_sites(BY_NAME["trove_upgrade.upgrade"], more) == wrong
        assert lint.call_sites(flows.parse(text), more) == []


def test_no_file_is_longer_than_a_screen_or_two():
    assert [path for path in paths()
            if len(Path(path).read_text(encoding="utf-8").splitlines()) > 150] == []


def test_all_branches_look_alike_from_outside():
    shapes = {(tuple(flow.inputs), tuple(flow.body["output"]), tuple(flow.body["output-on-error"]))
              for name, flow in BY_NAME.items() if name.startswith("trove_upgrade.datastore.")}
    assert len(shapes) == 1
