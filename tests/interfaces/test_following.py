"""What Ctrl-C does to what is followed, and what stays of it on the terminal."""
import io
import logging
import types

import pytest
from rich.console import Console
from trove_upgrade.interfaces import live, progress
from trove_upgrade.interfaces.cli import ask, following, upgrade
from trove_upgrade.interfaces.errors import ServiceError

from tests.interfaces import trees
from tests.interfaces.trees import root, upgrading

SERVICE = ("--mistral-from-catalog", "--os-cloud", "ours")
LEADS = "--mistral-from-catalog --os-cloud ours x-1"


class Upgrades:
    """One upgrade: each time that it is followed does what its turn says, and then it has ended."""

    def __init__(self, *turns):
        self.turns = list(turns)
        self.asked = []

    def follow(self, execution_id):
        yield progress.Progress(execution_id, "RUNNING", "upgrading")
        if self.turns:
            raise self.turns.pop(0)
        yield progress.Progress(execution_id, "PAUSED" if "pause" in self.asked else "SUCCESS",
                                "done", message="Over.")

    def pause(self, execution_id):
        self.asked.append("pause")

    def abort(self, execution_id):
        self.asked.append("abort")


def follow(upgrades, ours, *words):
    """The exit code of a command that follows the upgrade x-1."""
    command = upgrade.Run(types.SimpleNamespace(LOG=logging.getLogger("x")), None)
    command._json = False
    args = command.get_parser("run").parse_args(["--cluster=c", "--datastore-version=v", *words])
    return command.follow_to_end(upgrades, "x-1", args, ours)


def test_the_first_interrupt_detaches_from_a_service(capsys):
    upgrades = Upgrades(KeyboardInterrupt())
    assert follow(upgrades, False, *SERVICE) == 8
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "The upgrade goes on without being watched.",
        f"Watch it with: trove-upgrade watch {LEADS}",
        f"Pause it with: trove-upgrade pause {LEADS}",
        f"Abort it with: trove-upgrade abort {LEADS}"]
    assert upgrades.asked == []


def test_without_a_terminal_the_own_engine_pauses(capsys):
    upgrades = Upgrades(KeyboardInterrupt())
    assert follow(upgrades, True) == 6
    assert upgrades.asked == ["pause"]
    assert "Go on with: trove-upgrade resume x-1" in capsys.readouterr().out


@pytest.fixture
def answers(monkeypatch):
    """A terminal at which these lines are typed."""
    lines = []
    monkeypatch.setattr(ask, "is_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(
        readline=lambda: f"{lines.pop(0)}\n" if lines else ""))
    return lines


@pytest.mark.parametrize(("typed", "asked", "code"), [
    (["w"], [], 0), (["pause"], ["pause"], 6), ([" P "], ["pause"], 6), (["a"], ["abort"], 0),
    (["", "what", "abort"], ["abort"], 0), ([], [], 0)])
def test_at_a_terminal_the_own_engine_asks(answers, typed, asked, code, capsys):
    answers += typed
    upgrades = Upgrades(KeyboardInterrupt())
    assert follow(upgrades, True) == code
    assert upgrades.asked == asked
    assert "[w]atch on | [p]ause after this wave | [a]bort: " in capsys.readouterr().err


def test_who_watches_on_is_asked_again(answers):
    answers += ["w", "a"]
    upgrades = Upgrades(KeyboardInterrupt(), KeyboardInterrupt())
    follow(upgrades, True)
    assert upgrades.asked == ["abort"]


def test_a_second_interrupt_stops_at_once_and_says_how_to_go_on(capsys):
    upgrades = Upgrades(KeyboardInterrupt(), KeyboardInterrupt())
    assert follow(upgrades, True, "--access-dir", "/a b", "--os-password", "hush") == 6
    said = capsys.readouterr().out
    assert "picked up with: trove-upgrade resume --access-dir '/a b' x-1 (and --os-password" in said
    assert "hush" not in said


def test_a_service_that_fails_names_the_complete_command(capsys):
    assert follow(Upgrades(ServiceError("It broke.")), False, *SERVICE) == 8
    assert f"Go on with: trove-upgrade resume {LEADS}" in capsys.readouterr().out


@pytest.mark.parametrize("interrupted", [True, False])
def test_a_drawn_frame_is_wiped_when_it_is_interrupted(interrupted, monkeypatch):
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    kept = []
    drawn = live.Live(console)
    monkeypatch.setattr(drawn._live, "stop", lambda: kept.append(not drawn._live.transient))
    try:
        with drawn:
            drawn(progress.build(upgrading(root=root("RUNNING")), progress.seconds(trees.at(20))))
            if interrupted:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert kept == [not interrupted]


def test_nothing_but_what_has_commands_is_changed():
    look = progress.Progress("x", "PAUSED", "done")
    assert following.placed(look, None) is look
