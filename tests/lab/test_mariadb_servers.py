"""Where the lab's MariaDB servers come from."""
import subprocess
import threading

import pytest
from trove_upgrade.lab.kinds import mariadb


def test_two_versions_are_there_and_their_programs_run():
    found = mariadb.servers()
    assert len(found) == 2
    for version, root in found.items():
        said = subprocess.run([root / "usr/sbin/mariadbd", "--no-defaults", "--version"], text=True,
                              env=mariadb.environment(root), capture_output=True, check=True)
        assert version in said.stdout


def test_an_apt_that_offers_fewer_than_two_versions_is_told_in_words(monkeypatch, tmp_path):
    """Its own empty lists and sources stand for a machine that has no security archive."""
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc "{tmp_path}"; Dir::State::lists "{tmp_path}/lists"; Dir::Cache "{tmp_path}";')
    (tmp_path / "lists/partial").mkdir(parents=True)
    tmp_path.chmod(0o755)
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    monkeypatch.setattr(mariadb, "directory", lambda name: tmp_path)
    with pytest.raises(RuntimeError, match="needs two versions .* offers nothing.*security"):
        mariadb.servers()


def test_many_at_once_fetch_each_version_once(monkeypatch, tmp_path):
    fetched = []

    def unpack(cache, version, package):
        fetched.append(version)
        (cache / version / "usr/sbin").mkdir(parents=True)
        (cache / version / "usr/sbin/mariadbd").touch()

    monkeypatch.setattr(mariadb, "directory", lambda name: tmp_path)
    monkeypatch.setattr(mariadb, "_offered", lambda cache: {"1.10.0": "b", "1.9.9": "a"})
    monkeypatch.setattr(mariadb, "_unpack", unpack)
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(list(mariadb.servers())))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fetched) == ["1.10.0", "1.9.9"]
    assert found == [["1.9.9", "1.10.0"]] * 8


def test_a_cache_that_nobody_can_enter_is_refused_to_root(monkeypatch, tmp_path):
    monkeypatch.setattr(mariadb.os, "getuid", lambda: 0)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", str(closed))
    with pytest.raises(RuntimeError, match="can't enter"):
        mariadb.servers()
