"""The types of the Python API hold what the schemas and the workflows say; inputs are checked."""
import types

import pytest
from trove_upgrade.interfaces import clusters, shapes
from trove_upgrade.interfaces.client import BadInput, Client, ClientError, ClusterNotFound
from trove_upgrade.interfaces.errors import UnderUpgrade
from trove_upgrade.planning import documents
from trove_upgrade.schemas import load

INPUT, PLAN = load("input")["properties"], load("plan")


@pytest.mark.parametrize(("shape", "keys"), [
    (shapes.Inputs, INPUT.keys() - {"cluster_id", "datastore_version", "dry_run"}),
    (documents.Plan, PLAN["properties"].keys()),
    (documents.PlanMember, PLAN["properties"]["members"]["items"]["properties"].keys()),
    (documents.CheckResult, PLAN["properties"]["checks"]["items"]["properties"].keys()),
    (documents.Finalizing, PLAN["properties"]["finalize"]["properties"].keys()),
    (documents.Tries, load("plan")["examples"][0]["job"]["tries"].keys()),
    (documents.Job, load("plan")["examples"][0]["job"].keys()),
    (documents.Version, PLAN["$defs"]["version"]["properties"].keys())])
def test_shape_has_the_keys_of_its_schema(shape, keys):
    only_in_the_record = {documents.PlanMember: {"was"}, documents.Job: {"access_fingerprint"}}
    assert set(shape.__annotations__) == {*keys, *only_in_the_record.get(shape, ())}


@pytest.mark.parametrize("name", [name for name, about in INPUT.items() if "enum" in about])
def test_choices_are_those_of_the_schema(name):
    assert set(shapes.Inputs.__annotations__[name].__args__) == set(INPUT[name]["enum"])


def execution(workflow="trove_upgrade.cluster", **inputs):
    return {"id": "e-1", "workflow_name": workflow, "state": "RUNNING", "created_at": "now",
            "input": {"cluster_id": "shop", "datastore_version": "9.1.2", **inputs}}


@pytest.mark.parametrize(("found", "kind"), [
    (execution(), "upgrade"), (execution(dry_run=True), "plan"),
    (execution(dry_run="true"), "plan"),
    (execution(dry_run=False), "upgrade"), (execution("trove_upgrade.finalize"), "finalize")])
def test_kind_of_an_execution(found, kind):
    assert shapes.Upgrade.of(found).kind == kind


class Pages(list):
    """One page of clusters, as python-troveclient gives it."""

    next = None


def trove(*names, page=2):
    """A Trove that has these clusters, each with its name doubled as id, and lists by pages."""
    from troveclient.apiclient.exceptions import NotFound
    every = [types.SimpleNamespace(id=f"id-{number}-{name}", name=name)
             for number, name in enumerate(names)]

    def get(wanted):
        for one in every:
            if one.id == wanted:
                return one
        raise NotFound()

    def listed(marker=None):
        start = int(marker or 0)
        found = Pages(every[start:start + page])
        found.next = str(start + page) if start + page < len(every) else None
        return found
    return lambda: types.SimpleNamespace(
        clusters=types.SimpleNamespace(get=get, list=listed))


def test_cluster_by_id_name_and_object():
    known = trove("a", "b", "c", "d", "e")
    assert clusters.find(known, "id-1-b") == ("id-1-b", "b")
    assert clusters.find(known, "e") == ("id-4-e", "e")              # on the third page
    there = types.SimpleNamespace(id="i", name="n")
    assert clusters.find(None, there) == ("i", "n")                  # Trove is not asked


@pytest.mark.parametrize(("wanted", "words"), [
    ("nope", "There is no cluster 'nope'."),
    ("a", "Several clusters are called 'a'; give one of these ids: id-0-a, id-2-a.")])
def test_unknown_and_ambiguous_names(wanted, words):
    with pytest.raises(ClusterNotFound, match=words):
        clusters.find(trove("a", "b", "a"), wanted)


@pytest.mark.parametrize(("inputs", "words"), [
    ({"bake_secs": 3}, "Unknown 'bake_secs'; known are:"),
    ({"on_failure": "cry"}, "allowed are: rollback, pause, stop"),
    ({"bake_sec": -1}, "at least 0"), ({"dry_run": True}, "a dry run is `plan`")])
def test_bad_input_is_refused_before_any_service_is_asked(inputs, words):
    with pytest.raises(BadInput, match=words):
        Client(mistral=object(), trove=object()).upgrade("shop", "9.1.2", **inputs)


def test_every_error_is_of_one_family():
    from trove_upgrade.interfaces import errors
    raised = [one for one in vars(errors).values() if isinstance(one, type)]
    assert all(issubclass(one, ClientError) for one in raised)
    assert UnderUpgrade("e-1").execution_id == "e-1"
