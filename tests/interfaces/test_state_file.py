"""Upgrades are looked at without an engine, in the file that one has left behind."""
import sqlite3

import pytest
from trove_upgrade.embedded import DATABASE, EmbeddedEngine, running
from trove_upgrade.interfaces import embedded_run
from trove_upgrade.interfaces.errors import ServiceError, UpgradeNotFound
from trove_upgrade.interfaces.session import engine_client
from trove_upgrade.interfaces.state_file import StateFile
from trove_upgrade.interfaces.upgrades import Upgrades

from tests.waits import until

ODD = "engine #1 50%41 ?mode=memory 'a'"


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """(state directory, what its engine told before it was stopped)."""
    directory = tmp_path_factory.mktemp("state") / ODD
    env = {"PATH": "/usr/bin", "OS_AUTH_TYPE": "admin_token", "OS_ENDPOINT": "http://127.0.0.1:1",
           "OS_TOKEN": "t", "OS_TROVE_UPGRADE__OUTAGE_SEC": "1"}
    with EmbeddedEngine(directory, env=env) as engine:
        upgrades = Upgrades(engine_client(engine.url, engine.token))
        ids = [upgrades.start({"cluster_id": f"c-{number}", "datastore_version": "9",
                               "retry_count": 0}) for number in (1, 2)]
        for one in ids:
            until(lambda one=one: upgrades.progress(one).ended, "the end")
        yield directory, (list(upgrades.each()), [upgrades.progress(one) for one in ids],
                          list(Upgrades(StateFile(directory)).each()))


def test_the_file_tells_what_the_engine_tells(seen):
    directory, (listed, looks, while_it_ran) = seen
    upgrades = Upgrades(StateFile(directory))
    keys = ("id", "workflow_name", "state", "created_at", "updated_at", "state_info")
    for found in (list(upgrades.each()), while_it_ran):
        assert [[one[key] for key in keys] for one in found] == [
            [one[key] for key in keys] for one in listed]
    for look in looks:
        assert upgrades.progress(look.execution_id).as_dict() == look.as_dict()
    assert upgrades.newest() == listed[0]["id"]


def test_pages_follow_each_other(seen, monkeypatch):
    directory, (listed, *_) = seen
    monkeypatch.setattr("trove_upgrade.interfaces.upgrades.PAGE", 1)
    assert [one["id"] for one in Upgrades(StateFile(directory)).each()] == [
        one["id"] for one in listed]
    assert list(Upgrades(StateFile(directory)).each(state="in:RUNNING,PAUSED")) == []


def test_a_directory_without_a_file_or_tables_is_empty(tmp_path):
    for make in (lambda: None, lambda: sqlite3.connect(tmp_path / DATABASE).close()):
        make()
        upgrades = Upgrades(StateFile(tmp_path))
        assert list(upgrades.each()) == []
        with pytest.raises(UpgradeNotFound):
            upgrades.progress("x")


def test_a_file_that_is_no_database_is_one_sentence(tmp_path):
    (tmp_path / DATABASE).write_text("nonsense, and enough of it to be no empty file")
    with pytest.raises(ServiceError, match="can't be read: file is not a database"):
        list(Upgrades(StateFile(tmp_path)).each())


@pytest.mark.parametrize("command", [("list",), ("show",)])
def test_commands_that_look_start_no_engine(cli, command):
    ended = cli(*command, "--state-dir", "here")
    assert "no upgrade" in (ended.stdout + ended.stderr).lower()
    assert not (cli.directory / "here" / "engine.json").exists()
    assert running(cli.directory / "here") is None


def test_an_engine_that_is_about_to_end_is_not_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded_run, "running",
                        lambda _: {"url": "http://127.0.0.1:1/v2", "token": "t"})
    with embedded_run.connected(tmp_path, look_only=True) as (upgrades, ours):
        assert (list(upgrades.each()), ours) == ([], False)
