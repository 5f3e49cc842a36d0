"""Every command that is printed means the same run when it is typed again."""
import argparse
import dataclasses
import pathlib
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trove_upgrade.interfaces import progress, session
from trove_upgrade.interfaces.cli import control, following, options, upgrade
from trove_upgrade.interfaces.cli.base import command
from trove_upgrade.interfaces.inputs import TARGET, read_inputs
from trove_upgrade.interfaces.osc import columns, start
from trove_upgrade.planning import verdict
from trove_upgrade.schemas import load, read_input

from tests.interfaces import trees

pytestmark = pytest.mark.hypothesis
KINDS = {"resume": control.Resume, "watch": control.Watch, "pause": control.Pause,
         "abort": control.Abort, "run": upgrade.Run, "finalize": upgrade.Finalize}
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
PATHS = WORDS.map(lambda one: f"/{one}")
NAMES = st.from_regex(r"\A[^/?#%\s\x00-\x1f\x7f-\x9f\ud800-\udfff]"
                      r"[^/?#%\x00-\x1f\x7f-\x9f\ud800-\udfff]{0,20}\Z")
PARSERS = {verb: kind(None, None).get_parser(f"trove-upgrade {verb}")
           for verb, kind in KINDS.items()}

OPENSTACK = start.Start(None, None).get_parser("start")


def parse(line):
    """(verb, what its own parser makes of a command line), by the rules of a shell."""
    program, verb, *words = shlex.split(line)
    assert program == "trove-upgrade"
    return verb, PARSERS[verb].parse_args(words)


def place(args):
    """All that tells which engine, cloud and access files are meant, but for secrets."""
    found = {**vars(args), **{name: getattr(args, name) and pathlib.Path(getattr(args, name))
                              for name in ("state_dir", "access_dir")}}
    clouds = [f"os_{name.replace('-', '_')}" for name in session.VARIABLES
              if name not in session.SECRETS]
    return {name: found[name] for name in ("mistral_url", "mistral_from_catalog", "state_dir",
                                           "access_dir", *clouds)}


@st.composite
def places(draw):
    """Words of a command line: an engine and a cloud."""
    words = draw(st.sampled_from([[], ["--mistral-from-catalog"], None]))
    if words is None:
        words = [f"--mistral-url=https://{draw(WORDS)}"]
    for flag in draw(st.sets(st.sampled_from(("--state-dir", "--access-dir")))):
        words.append(f"{flag}={draw(PATHS)}")
    for name in draw(st.sets(st.sampled_from(session.VARIABLES))):
        words.append("--insecure" if name == session.INSECURE else f"--os-{name}={draw(WORDS)}")
    return words


@given(places(), st.sampled_from(["resume", "watch", "pause", "abort"]), WORDS)
def test_what_is_printed_leads_to_the_same_engine_and_cloud(words, verb, execution):
    typed = PARSERS["run"].parse_args(["--cluster=c", "--datastore-version=v", *words])
    found_verb, found = parse(command(verb, typed, execution))
    assert (found_verb, found.execution) == (verb, execution)
    assert place(found) == place(typed)


@given(places())
def test_no_secret_is_printed(words):
    typed = PARSERS["resume"].parse_args([one + "#secret" for one in words if "=" in one])
    line = command("resume", typed, "x")
    secrets = {f"--os-{name}" for name in session.SECRETS}
    given_secrets = {one.split("=")[0] for one in words} & secrets
    assert given_secrets == set(options.secrets_of(typed))
    assert not any(flag in shlex.split(line) for flag in secrets)


def inputs():
    """Valid inputs of an upgrade."""
    known = load("input")["properties"]
    kinds = {"boolean": lambda _: st.booleans(),
             "integer": lambda about: st.integers(about["minimum"], about["maximum"]),
             "number": lambda about: st.floats(about["minimum"], about["maximum"])}
    strategies = {}
    for name, about in known.items():
        if name in ("cluster_id", "dry_run"):
            continue
        if "enum" in about:
            strategies[name] = st.sampled_from(about["enum"])
        elif name == "skip_checks":
            strategies[name] = st.lists(st.from_regex(r"\A[a-z_]+\Z"), unique=True, max_size=3)
        elif about["type"] in kinds:
            strategies[name] = kinds[about["type"]](about)
        elif name in ("driver", "access"):
            strategies[name] = st.from_regex(rf"\A{about['pattern'][1:-1]}\Z")
    strategies.pop("datastore_version", None)
    return st.fixed_dictionaries({"datastore_version": NAMES}, optional=strategies)


def plan(asked, identifier, target, kind):
    return {**trees.PLAN, "cluster": {"id": identifier, "name": "shop"}, "direction": "forward",
            "members": [{"id": identifier, "name": "shop-1", "done": False,
                         "origin": {**target, "name": "old", "number": "old"}}],
            "to_version": target, "job": {"kind": kind}, "finalize": {"mode": "manual"},
            "options": read_input({**asked, "cluster_id": "orders"})}


LISTS = {name: [] for name in verdict.LISTS}
ONE = [{"id": "m", "name": "shop-1", "version": "1"}]


@given(inputs(), NAMES, NAMES, st.booleans(), st.sampled_from(["cluster", "replication_set"]),
       places())
def test_the_run_again_has_all_its_inputs(asked, identifier, version, same, kind, words):
    target = {"id": "v-2", "name": version, "number": version if same else "9.1.2"}
    made = plan(asked, identifier, target, kind)
    line = verdict._resume(made, {**LISTS, "todo": ONE}, "stopped")
    look = progress.Progress("x", "ERROR", "done", result={"resume": line})
    typed = PARSERS["resume"].parse_args(words)
    verb, found = parse(following.placed(look, typed).result["resume"])
    assert verb == "run"
    again = read_inputs(found)
    named = "cluster_id" if kind == "cluster" else "instance_id"
    assert again.pop(named) == identifier
    assert again["datastore_version"] == (version if same else "v-2")
    assert {**read_input({**again, "cluster_id": "orders"}), "datastore_version": ""} == {
        **made["options"], "datastore_version": ""}
    assert place(found) == place(typed)


@given(inputs(), NAMES, st.sampled_from(["cluster", "replication_set"]))
def test_the_command_of_openstack_means_the_same(asked, identifier, kind):
    made = plan(asked, identifier, {"id": "v", "name": "9", "number": "9"}, kind)
    line = columns.own_words(verdict._resume(made, {**LISTS, "todo": ONE}, "stopped"))
    *program, verb = (words := shlex.split(line))[:5]
    assert (" ".join(program), verb) == (columns.OURS, "start")
    found = OPENSTACK.parse_args(words[5:])
    assert (found.cluster, found.datastore_version) == (identifier, "9")
    assert found.replication_set == (kind == "replication_set")
    again = read_inputs(found, without=TARGET)
    assert {**read_input({**again, "cluster_id": "orders", "datastore_version": "9"})} == {
        **made["options"], "datastore_version": "9"}


@given(inputs(), NAMES)
def test_the_way_back_keeps_access_and_pace(asked, identifier):
    made = plan(asked, identifier, {"id": "v", "name": "9", "number": "9"}, "cluster")
    verb, found = parse(verdict._undo(made, {**LISTS, "upgraded": ONE}))
    again = read_input({**read_inputs(found), "cluster_id": "orders"})
    assert (verb, found.cluster_id, again["datastore_version"]) == ("run", identifier, "old")
    assert again["skip_checks"] == ["not_a_downgrade"]
    for name in ("access", "driver", "parallelism", "bake_sec", "member_timeout_sec", "poll_sec"):
        assert again[name] == made["options"][name]


@given(NAMES, st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,20}\Z"))
def test_finalising_keeps_access(identifier, access):
    made = plan({"datastore_version": "9", "access": access}, identifier,
                {"id": "v", "name": "9", "number": "9"}, "cluster")
    verb, found = parse(verdict._resume(made, {**LISTS, "upgraded": ONE}, "failed"))
    assert (verb, found.cluster_id, found.access or "default") == ("finalize", identifier, access)


def test_a_place_is_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    typed = PARSERS["resume"].parse_args(["--state-dir", "here", "--access-dir", "there"])
    assert command("resume", typed, "x") == (
        f"trove-upgrade resume --state-dir {tmp_path}/here --access-dir {tmp_path}/there x")


def test_what_has_no_command_stays_without():
    args = argparse.Namespace(**vars(PARSERS["resume"].parse_args(["--access-dir=/a"])))
    result = {"resume": "", "undo": "trove-upgrade run"}
    look = progress.Progress("x", "ERROR", "done", result=result)
    found = following.placed(look, args).result
    assert found == {"resume": "", "undo": "trove-upgrade run --access-dir /a"}
    assert following.placed(dataclasses.replace(look, result=None), args).result is None
