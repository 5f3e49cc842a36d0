"""Commands about an upgrade that exists: what they ask before, and what they refuse to go on with.

No engine and no service is there; what would be started is told.
"""
import contextlib
import logging
import types

import pytest
from trove_upgrade.interfaces import progress
from trove_upgrade.interfaces.cli import ask, control, upgrade
from trove_upgrade.interfaces.errors import BadInput

from tests.interfaces import trees
from tests.interfaces.trees import root, upgrading

RUN = "11111111-1111-4111-8111-111111111111"
ENDED = {"status": "upgraded", "upgraded": [{"id": "m1", "name": "shop-1", "version": "9.1.2"}]}


class Upgrades:
    """One upgrade of the cluster shop (c-1); what is done to it is kept in ``done``."""

    def __init__(self, state="RUNNING", plan=None):
        tree = upgrading(root=root(state, id=RUN, output=ENDED if state == "SUCCESS" else "{}",
                                   input={"cluster_id": "c-1", "datastore_version": "9.1.2"}),
                         plan={**trees.PLAN, **(plan or {})})
        self.tree, self.done = tree, []

    def each(self, **_):
        return iter([self.tree.root])

    def newest(self):
        return RUN

    def progress(self, execution_id):
        return progress.build(self.tree, progress.seconds(trees.at(20)))

    def follow(self, execution_id):
        self.tree.root["state"] = "SUCCESS"
        yield self.progress(execution_id)

    def __getattr__(self, name):
        return lambda *given, **more: self.done.append((name, *given)) or "new"


@pytest.fixture
def run(monkeypatch):
    """run(upgrades, kind, *words): the exit code of a command; nothing is looked up elsewhere."""
    def run(upgrades, kind, *words):
        command = kind(types.SimpleNamespace(LOG=logging.getLogger("x")), None)

        @contextlib.contextmanager
        def connected(args, look_only=False):
            if not look_only:
                upgrades.done.append("an engine")
            yield upgrades, True
        monkeypatch.setattr(command, "connected", connected)
        monkeypatch.setattr(command, "log_in", lambda args: None)
        return command.run(command.get_parser("x").parse_args(words))
    return run


@pytest.fixture
def typed(monkeypatch):
    """A terminal at which these lines are typed."""
    lines = []
    monkeypatch.setattr(ask, "is_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(
        readline=lambda: f"{lines.pop(0)}\n" if lines else ""))
    return lines


ASKING = [(control.Abort, ("shop",), "abort", "RUNNING"),
          (control.Rollback, (), "start_back", "SUCCESS"),
          (upgrade.Finalize, ("shop",), "start", "SUCCESS"),
          (upgrade.Finalize, ("--cluster", "shop"), "start", "SUCCESS")]
PLAN = {"direction": "forward", "job": {},
        "members": [{**one, "origin": {"id": "v", "name": "8.1.8", "number": "8.1.8"}}
                    for one in trees.PLAN["members"]]}


@pytest.mark.parametrize(("kind", "words", "does", "state"), ASKING)
@pytest.mark.parametrize(("answers", "more", "goes_on"), [
    (["y"], (), True), (["YES"], (), True), (["n"], (), False), ([""], (), False),
    ([], (), False), (["yo"], (), False), (["n"], ("--yes",), True), (["n"], ("-y",), True)])
def test_at_a_terminal_a_person_is_asked(run, typed, kind, words, does, state, answers, more,
                                         goes_on, capsys):
    typed += answers
    upgrades = Upgrades(state, PLAN)
    code = run(upgrades, kind, *words, *more)
    assert (does in [one[0] for one in upgrades.done]) is goes_on
    assert ("an engine" in upgrades.done) is goes_on
    said = capsys.readouterr()
    if not goes_on:
        assert (code, "Nothing was done." in said.out) == (1, True)
    assert ("[y/N]" in said.err) is not more
    assert more or "shop" in said.err


@pytest.mark.parametrize(("kind", "words", "does", "state"), ASKING)
def test_without_a_terminal_nothing_is_asked(run, kind, words, does, state, capsys):
    upgrades = Upgrades(state, PLAN)
    run(upgrades, kind, *words)
    assert does in [one[0] for one in upgrades.done]
    assert "[y/N]" not in capsys.readouterr().err


def test_what_is_ended_is_named_with_its_state(run, typed, capsys):
    run(Upgrades("RUNNING", PLAN), control.Abort)
    assert "Abort the upgrade of shop (8.1.8 -> 9.1.2, upgrading, 1 of 4 members" in \
        capsys.readouterr().err


@pytest.mark.parametrize("words", [("shop",), ("c-1",), (RUN,)])
def test_what_is_finalised_is_named_in_any_way(run, words):
    upgrades = Upgrades("SUCCESS", {**PLAN, "options": {"access": "shops"}})
    run(upgrades, upgrade.Finalize, *words)
    assert upgrades.done[-1] == ("start", {"cluster_id": "c-1", "access": "shops"})


@pytest.mark.parametrize("words", [(), ("shop", "--cluster", "c-1")])
def test_what_is_finalised_must_be_named_once(run, words):
    upgrades = Upgrades("SUCCESS", PLAN)
    assert run(upgrades, upgrade.Finalize, *words) == 2
    assert upgrades.done == []


@pytest.mark.parametrize("kind", [control.Resume, control.Watch, control.Abort, control.Pause])
@pytest.mark.parametrize("words", [(), ("--access-dir", "elsewhere")])
def test_it_does_not_go_on_without_its_access_file(run, kind, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job = {"job": {"access": "shops", "access_file": True}}
    upgrades = Upgrades("PAUSED", job)
    state = ("--state-dir", "state")
    with pytest.raises(BadInput, match="access file 'shops'.*--access-dir"):
        run(upgrades, kind, *words, *state)
    assert upgrades.done == []
    (tmp_path / "shops.yaml").write_text("{}")
    run(upgrades, kind, "--access-dir", str(tmp_path), *state)
    assert "an engine" in upgrades.done
    run(Upgrades("PAUSED", {"job": {"access": "shops", "access_file": False}}), kind, *state)
