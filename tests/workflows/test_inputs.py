"""What people start: the schema and the entry workflow agree, and the dashboard's form works."""
import pytest
from jsonschema import Draft202012Validator
from trove_upgrade import schemas
from trove_upgrade.workflows import paths

from docs.tools import flows
from tests.workflows import plan_example

ENTRIES = {flow.name: flow for flow in map(flows.read, paths()) if "entry" in flow.tags}
ENTRY = ENTRIES["trove_upgrade.cluster"]
NAMES = ("input", "plan", "result", "error")
NEEDED = {"cluster_id": "orders", "datastore_version": "9.1.2"}
EACH_SCHEMA = pytest.mark.parametrize("name", NAMES)


def test_schema_and_workflow_take_the_same_inputs_with_the_same_defaults():
    schema = schemas.load("input")
    defaults = {name: about.get("default", flows.REQUIRED)
                for name, about in schema["properties"].items()}
    assert defaults.pop("skip_checks") == []      # a form can't show a list
    taken = dict(ENTRY.inputs)
    assert taken.pop("skip_checks") == ""
    assert taken == defaults
    assert [one for one in taken if taken[one] is flows.REQUIRED] == schema["required"]


@pytest.mark.parametrize("kind", ["cluster", "replication_set"])
def test_every_input_is_handed_to_the_body(kind):
    """Mistral keeps an execution's input with its defaults filled in: tests/embedded."""
    entry = ENTRIES[f"trove_upgrade.{kind}"]
    assert entry.tasks["upgrade"].body["input"] == {
        "run": "<% execution().id %>", "kind": kind, "inputs": "<% execution().input %>"}


def test_both_entries_take_and_give_the_same_but_for_what_names_the_cluster():
    cluster, of_set = ENTRIES["trove_upgrade.cluster"], ENTRIES["trove_upgrade.replication_set"]
    assert list(of_set.inputs.items())[1:] == list(cluster.inputs.items())[1:]
    assert [list(one.inputs)[0] for one in (cluster, of_set)] == ["cluster_id", "instance_id"]
    assert cluster.body["output"] == of_set.body["output"]
    assert cluster.body["output-on-error"] == of_set.body["output-on-error"]


def test_defaults_of_the_workflow_are_understood_as_those_of_the_schema():
    given = {name: value for name, value in ENTRY.inputs.items() if value is not flows.REQUIRED}
    assert schemas.read_input({**given, **NEEDED}) == schemas.read_input(NEEDED)


def test_outputs_are_those_of_the_schema():
    assert list(ENTRY.body["output"]) == list(schemas.load("result")["properties"])


def form_of(line):
    """The fields of the dashboard's Execute form as it makes them of Mistral's ``input`` line:
    cut at commas, then at the first equals sign. Name -> what it is filled with."""
    pairs = [entry.partition("=") for entry in line.split(",")]
    return {name.strip(): filled for name, _, filled in pairs if name.strip()}


def submitted(form, typed):
    """What the form sends: strings, and null for what is empty."""
    return {name: value or None for name, value in {**form, **typed}.items()}


@pytest.fixture(scope="module")
def form(mistral):
    return form_of(mistral["definitions"][str(ENTRY.path)]["form"])


def test_form_shows_each_input_once_and_no_other(form):
    assert list(form) == list(ENTRY.inputs)
    assert form["bake_sec"] == '"30"', "Mistral no longer quotes defaults: simplify forms.py?"


def test_form_sent_as_it_is_means_the_defaults(form):
    assert schemas.read_input(submitted(form, NEEDED)) == schemas.read_input(NEEDED)


@pytest.mark.parametrize(("typed", "meant"), [
    ({"skip_checks": "members_active, members_healthy"},
     {"skip_checks": ["members_active", "members_healthy"]}),
    ({"skip_checks": "None"}, {"skip_checks": []}),
    ({"canary": "false", "dry_run": "True"}, {"canary": False, "dry_run": True}),
    ({"bake_sec": "", "poll_sec": "1"}, {"bake_sec": 30, "poll_sec": 1.0}),
    ({"bake_sec": '"600"', "on_failure": '"pause"'}, {"bake_sec": 600, "on_failure": "pause"}),
])
def test_form_with_changes_is_understood(form, typed, meant):
    options = schemas.read_input(submitted(form, NEEDED | typed))
    assert {name: options[name] for name in meant} == meant


def test_list_default_would_break_the_form():
    assert form_of("waves=\"['a', 'b']\"") == {"waves": "\"['a'", "'b']\"": ""}


@EACH_SCHEMA
def test_schema_is_valid_and_so_are_its_examples(name):
    schema = schemas.load(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert schema["examples"]
    assert [schemas.complaints(name, example) for example in schema["examples"]] == [
        [] for _ in schema["examples"]]


@EACH_SCHEMA
def test_every_property_is_described(name):
    """Those at the top have a title too: forms and commands show it. A reference has its own."""
    schema = schemas.load(name)
    assert list(undescribed(schema)) == []
    assert [key for key, about in schema["properties"].items()
            if "title" not in about and "$ref" not in about] == []


def undescribed(part):
    if isinstance(part, list):
        part = dict(enumerate(part))
    if not isinstance(part, dict):
        return
    for name, about in part.get("properties", {}).items():
        if "$ref" not in about and not about.get("description"):
            yield name
    for key, value in part.items():
        if key != "examples":
            yield from undescribed(value)


def test_undescribed_property_is_caught():
    nested = {"items": {"properties": {"a": {"type": "string"}, "b": {"description": "x"}}}}
    assert list(undescribed({"properties": {"c": nested}})) == ["c", "a"]


def test_example_of_the_plan_is_made_by_the_planner():
    """When it differs: python -m tests.workflows.plan_example."""
    assert schemas.load("plan")["examples"] == [plan_example.example()]
