"""An engine's directory is its owner's alone, also where it existed before."""
import os
import shutil
import stat
from types import SimpleNamespace

import pytest
from trove_upgrade.embedded import EmbeddedEngine, EngineError, files, running


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def careless_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_new_directory_and_files_are_private(tmp_path):
    made = files.Files(tmp_path / "a" / "b")
    made.create()
    files.write_json(made.ready, {"token": "x"})
    with open(made.output, "wb", opener=files.private_opener):
        pass
    assert [mode(path) for path in (made.directory, made.ready, made.output)] == [
        0o700, 0o600, 0o600]


@pytest.mark.parametrize("open_to", [0o755, 0o750, 0o777, 0o1777, 0o701])
def test_what_an_older_engine_left_open_is_closed(tmp_path, open_to):
    old = files.Files(tmp_path / "old")
    old.directory.mkdir()
    names = ("mistral.sqlite", "mistral.sqlite-wal", "mistral.log", "engine.json", "mistral.conf")
    for name in names:
        (old.directory / name).touch(0o666)
    old.directory.chmod(open_to)
    assert running(old.directory) is None
    assert mode(old.directory) == 0o700
    assert {mode(old.directory / name) for name in names} == {0o600}


def test_a_shared_directory_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "notes.txt").touch(0o644)
    tmp_path.chmod(0o755)
    for act in (lambda: running(tmp_path), EmbeddedEngine(tmp_path).start):
        with pytest.raises(EngineError, match=rf"notes\.txt.*chmod 700 {tmp_path}"):
            act()
    assert mode(tmp_path) == 0o755


def test_a_private_directory_may_hold_other_things(tmp_path):
    tmp_path.chmod(0o700)
    (tmp_path / "notes.txt").touch(0o644)
    files.Files(tmp_path).create()
    assert mode(tmp_path / "notes.txt") == 0o644


@pytest.mark.parametrize("name", ["", "engine.json", "mistral.sqlite"])
def test_what_belongs_to_another_user_is_refused(tmp_path, name, monkeypatch):
    theirs = tmp_path / name
    theirs.is_dir() or theirs.touch()
    seen = type(theirs).stat, type(theirs).lstat

    def another(look):
        def answer(path, **keywords):
            found = look(path, **keywords)
            if path != theirs:
                return found
            return os.stat_result([*found[:4], found.st_uid + 1, *found[5:10]])
        return answer
    monkeypatch.setattr(type(theirs), "stat", another(seen[0]))
    monkeypatch.setattr(type(theirs), "lstat", another(seen[1]))
    for act in (lambda: running(tmp_path), EmbeddedEngine(tmp_path).start):
        with pytest.raises(EngineError, match="belongs to another user"):
            act()


def test_a_link_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.touch(0o644)
    made = files.Files(tmp_path / "engine")
    made.create()
    made.log.symlink_to(outside)
    with pytest.raises(files.NotPrivate, match="is a link"):
        made.create()
    assert mode(outside) == 0o644


def test_a_full_disk_is_said_before_an_engine_is_started(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    with pytest.raises(EngineError, match=r"can't keep its files in .*: No space left on device\. "
                                          r"Choose another directory \(--state-dir\)"):
        EmbeddedEngine(tmp_path / "engine").start()
