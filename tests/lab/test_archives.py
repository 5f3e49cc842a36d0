"""Where the lab's MariaDB and MySQL servers come from."""
import hashlib
import os
import subprocess
import threading

import pytest
from trove_upgrade.interfaces.cli.app import main
from trove_upgrade.lab import demo
from trove_upgrade.lab.kinds import archive, cache, mariadb, mysql

from tests.datastores import sets

pytestmark = pytest.mark.lab_double
ARCHIVES = [mariadb.ARCHIVE, mysql.ARCHIVE]
each = pytest.mark.parametrize("one", ARCHIVES, ids=[one.name for one in ARCHIVES])


@pytest.fixture
def within_reach():
    """Ubuntu's archive is asked for, and can be asked, or was once."""
    sets.require(mysql.ARCHIVE)


@pytest.fixture
def asked_for(monkeypatch):
    """The switch is on, for tests that fetch nothing."""
    monkeypatch.setenv(mysql.SWITCH, "1")


@pytest.fixture
def empty(monkeypatch, tmp_path):
    """An empty cache, that `nobody` may enter."""
    tmp_path.chmod(0o755)
    monkeypatch.setattr(archive, "directory", lambda name: tmp_path)
    return tmp_path


@each
def test_two_versions_are_there_and_their_programs_run(one):
    sets.require(one)
    found = one.servers()
    assert len(found) == 2
    for version, root in found.items():
        said = subprocess.run([root / one.program, "--no-defaults", "--version"], text=True,
                              env=archive.environment(root), capture_output=True, check=True)
        assert version in said.stdout


def test_an_apt_that_offers_fewer_than_two_versions_is_told_in_words(monkeypatch, empty):
    """Its own empty lists and sources stand for a machine that has no security archive."""
    (empty / "apt.conf").write_text(
        f'Dir::Etc "{empty}"; Dir::State::lists "{empty}/lists"; Dir::Cache "{empty}";')
    (empty / "lists/partial").mkdir(parents=True)
    monkeypatch.setenv("APT_CONFIG", str(empty / "apt.conf"))
    with pytest.raises(RuntimeError, match="needs two versions .* offers nothing.*security"):
        mariadb.servers()


LAX = """
APT::Get::AllowUnauthenticated "true";
Acquire::AllowInsecureRepositories "true";
Acquire::AllowWeakRepositories "true";
"""
PRODUCT = archive.Archive("orders", "Orders", "an archive", "nothing", "usr/sbin/orders",
                          own=("orders",), needed=(), wanted=1)


@pytest.fixture
def repository(monkeypatch, tmp_path):
    """Writes an archive of one package, not signed, which is all that this machine's apt knows."""
    def write(trusted, digest=None):
        root = tmp_path / "orders"
        for place in ("root/DEBIAN", "root/usr/sbin", "etc", "lists/partial", "cache"):
            (root / place).mkdir(parents=True)
        (root / "root/usr/sbin/orders").touch()
        told = "Package: orders\nVersion: 1.0\nArchitecture: all\nMaintainer: a <a@b.example>\n"
        (root / "root/DEBIAN/control").write_text(told + "Description: orders\n")
        package = root / "orders.deb"
        subprocess.run(["dpkg-deb", "--build", root / "root", package], check=True,
                       capture_output=True)
        digest = digest or hashlib.sha256(package.read_bytes()).hexdigest()
        (root / "Packages").write_text(
            f"{told}Filename: ./orders.deb\nSize: {package.stat().st_size}\nSHA256: {digest}\n")
        (root / "etc/sources.list").write_text(f"deb [trusted={trusted}] file:{root} ./\n")
        (root / "apt.conf").write_text(
            f'{LAX}Dir::Etc "{root}/etc"; Dir::State "{root}"; Dir::Cache "{root}/cache";')
        monkeypatch.setenv("APT_CONFIG", str(root / "apt.conf"))
    return write


def test_packages_of_a_trusted_archive_are_unpacked(repository, empty):
    """The counter-proof of the next two."""
    repository("yes")
    assert list(PRODUCT.servers()) == ["1.0"]


def test_a_package_with_another_digest_than_the_archives_list_says_is_not_taken(repository, empty):
    repository("yes", digest="0" * 64)
    with pytest.raises(RuntimeError, match="Orders servers from an archive: E: .*[Hh]ash"):
        PRODUCT.servers()
    assert list(empty.glob("[0-9]*")) == []


def test_an_archive_that_nobody_has_signed_is_not_used_though_this_machine_would(repository,
                                                                                 empty):
    repository("no")
    with pytest.raises(RuntimeError, match="from an archive: E: .*not have a Release file"):
        PRODUCT.servers()
    assert list(empty.glob("[0-9]*")) == []


@pytest.mark.parametrize("one", [mysql.ARCHIVE, mariadb.EARLIER], ids=lambda one: one.name)
@pytest.mark.parametrize("said", [None, "", "0", "no"])
def test_nothing_is_fetched_from_ubuntu_unless_somebody_asks_for_it(monkeypatch, empty, one, said):
    """Not even what is in the cache is used: what the tests do hangs on the switch alone."""
    commands = []
    monkeypatch.setattr(archive.subprocess, "run", lambda *given, **_: commands.append(given))
    for name in (mysql.SWITCH, "TROVE_UPGRADE_REQUIRE"):
        monkeypatch.delenv(name, raising=False)
    if said is not None:
        monkeypatch.setenv(mysql.SWITCH, said)
    for version in ("1.0", "2.0"):
        (empty / version / one.program).parent.mkdir(parents=True)
        (empty / version / one.program).touch()
    with pytest.raises(RuntimeError, match=f"Ubuntu's archive.* only when {mysql.SWITCH}=1"):
        one.servers()
    with pytest.raises(pytest.skip.Exception, match=mysql.SWITCH):
        sets.require(one)
    assert commands == []


def test_an_archive_that_is_out_of_reach_is_told_in_words(monkeypatch, empty, asked_for):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(RuntimeError, match="lab's MySQL servers from Ubuntu's archive.*fetch"):
        mysql.servers()


@pytest.mark.parametrize(("name", "wrong", "words"), [
    ("KEYRING_SHA256", "0" * 64, "Hash Sum mismatch"),
    ("KEYRING", mysql.KEYRING.with_name("ubuntu-master-keyring.gpg"), "not signed|NO_PUBKEY")])
def test_what_is_not_signed_as_it_should_be_is_not_taken(within_reach, empty, monkeypatch, name,
                                                         wrong, words):
    """Another package of keys, and keys that have not signed the archive's lists."""
    if mysql.installed_keyring().exists():
        pytest.skip("this machine has Ubuntu's keys by itself")
    monkeypatch.setattr(mysql, name, wrong)
    with pytest.raises(RuntimeError, match=words):
        mysql.servers()
    assert list(empty.glob("[0-9]*")) == []


@each
def test_many_at_once_fetch_each_version_once(monkeypatch, empty, asked_for, one):
    fetched = []

    def unpack(self, place, version, package):
        fetched.append(version)
        (place / version / one.program).parent.mkdir(parents=True)
        (place / version / one.program).touch()

    monkeypatch.setattr(type(one), "_offered", lambda *_: {"1.10.0": "b", "1.9.9": "a"})
    monkeypatch.setattr(type(one), "_unpack", unpack)
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(list(one.servers())))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fetched) == ["1.10.0", "1.9.9"]
    assert found == [["1.9.9", "1.10.0"]] * 8


@each
def test_a_cache_that_nobody_can_enter_is_refused_to_root(monkeypatch, tmp_path, asked_for,
                                                          one):
    monkeypatch.setattr(cache.os, "getuid", lambda: 0)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", str(closed))
    with pytest.raises(RuntimeError, match="can't enter"):
        one.servers()


@pytest.mark.parametrize(("more", "said"), [((), None), (("--ubuntu-archive",), "1")])
def test_the_option_of_a_demo_is_the_switch_and_without_it_there_is_none(monkeypatch, more, said):
    monkeypatch.setenv(mysql.SWITCH, "")        # so that it is as before when the test is over
    monkeypatch.delenv(mysql.SWITCH)
    seen = []
    monkeypatch.setattr(demo, "run_demo",
                        lambda *_, **__: seen.append(os.environ.get(mysql.SWITCH)) or 0)
    assert main(["demo", *more]) == 0
    assert seen == [said]
