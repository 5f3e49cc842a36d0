"""Whose an access file is, and where it may stand."""
import os
import warnings
from types import SimpleNamespace

import pytest
from trove_upgrade.datastores import access
from trove_upgrade.datastores.base import DatastoreError
from trove_upgrade.schemas import UpgradeError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import plan
    from trove_upgrade.services import access_files, members

MINE, OTHERS, CLUSTER = "project-1", "project-2", "cluster-1"


@pytest.fixture
def directory(tmp_path, monkeypatch):
    made = tmp_path / "access"
    made.mkdir()
    options = SimpleNamespace(access_dir=str(made), auth="trust")
    monkeypatch.setattr(access_files, "options", lambda: options)
    return made


def refusal(name, project_id=MINE, cluster_id=CLUSTER):
    with pytest.raises(UpgradeError) as raised:
        access_files.settings(name, "redis", project_id, cluster_id)
    return raised.value


@pytest.mark.parametrize("owners", [
    f"projects: [{MINE}]", "projects: all", f"projects: [{OTHERS}, {MINE}]",
    f"projects: all\nclusters: [{CLUSTER}]", f"projects: [{MINE}]\nclusters: all"])
def test_who_is_listed_is_let_in(directory, owners):
    (directory / "shop.yaml").write_text(f"{owners}\nredis: {{port: 7000}}\n")
    assert access_files.settings("shop", "redis", MINE, CLUSTER) == {"port": 7000}
    assert access_files.settings("shop", "galera", MINE, CLUSTER) == {}


@pytest.mark.parametrize("owners", [
    "", "projects: []", f"projects: [{OTHERS}]", "projects: all\nclusters: [cluster-2]",
    f"projects: [{MINE}]\nclusters: []"])
@pytest.mark.parametrize("name", ["default", "shop"])
def test_who_is_not_listed_is_told_nothing(directory, owners, name):
    (directory / f"{name}.yaml").write_text(f"{owners}\nredis: {{username: upgrader}}\n")
    error = refusal(name)
    assert (error.code, error.klass) == ("foreign_access_file", "stop")
    assert "upgrader" not in error.message
    assert OTHERS not in error.message


def test_a_project_that_is_not_known_owns_nothing(directory):
    (directory / "shop.yaml").write_text("projects: all\n")
    assert refusal("shop", project_id="").code == "foreign_access_file"


def test_one_users_engine_reads_that_users_files(directory, monkeypatch):
    (directory / "shop.yaml").write_text("redis: {port: 7000}\n")
    monkeypatch.setattr(access_files.options(), "auth", "cloud")
    assert access_files.settings("shop", "redis", "", CLUSTER) == {"port": 7000}


@pytest.mark.parametrize("name", [
    "../secret", "/etc/passwd", "a/b", "..", ".hidden", "", "shop.yaml/..", "a\nb", "a\x00b", None,
    7, ["shop"], "x" * 65])
def test_a_name_is_no_path(directory, name):
    (directory.parent / "secret.yaml").write_text("projects: all\nredis: {username: hunter2}\n")
    error = refusal(name)
    assert (error.code, error.klass) == ("bad_access_file", "stop")
    assert "hunter2" not in error.message


def test_a_link_may_lead_to_another_file_of_the_directory_only(directory):
    (directory.parent / "secret.yaml").write_text("projects: all\n")
    (directory / "..data").mkdir()          # as Kubernetes mounts its secrets
    (directory / "..data" / "shop.yaml").write_text("projects: all\nredis: {port: 7000}\n")
    (directory / "shop.yaml").symlink_to("..data/shop.yaml")
    (directory / "out.yaml").symlink_to("../secret.yaml")
    assert access_files.settings("shop", "redis", MINE, CLUSTER) == {"port": 7000}
    assert "leads out" in refusal("out").message


@pytest.mark.parametrize("text", ["[1]", "{", "redis: 7\nprojects: all", "projects: demo",
                                  "projects: {a: b}", "projects: all\nclusters: c1"])
def test_what_is_no_access_file_is_refused(directory, text):
    (directory / "shop.yaml").write_text(text)
    assert refusal("shop").code == "bad_access_file"


@pytest.mark.parametrize("section", [
    "{network: shop-net}", "{address_type: public, port: 7000}", "{cidr: 10.0.0.0/8}",
    "{cidr: [10.0.0.0/8, 'fd00::/8', 192.0.2.7]}"])
def test_which_address_of_a_member_is_asked_may_be_said(directory, section):
    (directory / "shop.yaml").write_text(f"projects: all\nredis: {section}\n")
    assert access_files.settings("shop", "redis", MINE, CLUSTER)


@pytest.mark.parametrize(("section", "words"), [
    ("{cidr: 10.0.0.5/8}", "cidr is '10.0.0.5/8'; it must be a range of addresses"),
    ("{cidr: shop-net}", "cidr is 'shop-net'; it must be a range"),
    ("{cidr: [10.0.0.0/8, 10.0.0.0/33]}", "cidr.1 is '10.0.0.0/33'; it must be a range"),
    ("{cidr: ''}", "cidr is"), ("{cidr: []}", "cidr is []; it must not be empty"),
    ("{cidr: 10}", "cidr is 10; it must be of type string or array"), ("{cidr: }", "cidr is None"),
    ("{cidr: [7]}", "cidr.0 is 7"),
    ("{network: ''}", "network is ''; it must not be empty"),
    ("{network: [a, b]}", "network is ['a', 'b']; it must be of type string"),
    ("{address_type: floating}", "address_type is 'floating'; allowed are: private, public")])
def test_what_says_no_address_is_refused_by_its_key(directory, section, words):
    (directory / "shop.yaml").write_text(f"projects: all\nredis: {section}\n")
    error = refusal("shop")
    assert (error.code, error.klass) == ("bad_access_file", "stop")
    assert f"The access file 'shop' is not understood: redis: {words}" in error.message


def test_bytes_that_are_no_text_are_refused(directory):
    (directory / "shop.yaml").write_bytes(b"projects: all\nredis: \xff\xfe")
    assert refusal("shop").code == "bad_access_file"


@pytest.mark.timeout(60)
def test_a_pipe_is_not_waited_for(directory):
    os.mkfifo(directory / "shop.yaml")
    assert "can't be read: it is no file" in refusal("shop").message
    with pytest.raises(DatastoreError, match="password_file .* can't be read: it is no file"):
        access.password({"password_file": str(directory / "shop.yaml")})


def test_an_executor_with_another_file_leaves_the_step_to_one_that_has_it(directory):
    path = directory / "shop.yaml"
    path.write_text("projects: all\nredis: {port: 7000}\n")
    pinned = access_files.fingerprint("shop")
    access_files.check_pinned({"access": "shop", "access_fingerprint": pinned})
    access_files.check_pinned({"access": "shop"})       # none was taken
    for change in (lambda: path.write_text("projects: all\nredis: {port: 7001}\n"), path.unlink):
        change()
        with pytest.raises(UpgradeError) as raised:
            access_files.check_pinned({"access": "shop", "access_fingerprint": pinned})
        assert (raised.value.code, raised.value.klass) == ("access_file_differs", "retry")
        assert "7001" not in raised.value.message


def test_a_run_that_began_with_its_file_does_not_go_on_without(directory):
    """Where nothing is pinned, too, as in an engine of one user."""
    job = {"access": "default", "driver": "redis", "project_id": MINE, "cluster_id": CLUSTER,
           "access_file": True}
    with pytest.raises(UpgradeError) as raised:
        members.driver_for(job, None)
    assert (raised.value.code, raised.value.klass) == ("access_file_differs", "retry")
    assert members.driver_for(job | {"access_file": False}, None).name == "redis"
    (directory / "default.yaml").write_text("projects: all\nredis: {port: 7000}\n")
    assert members.driver_for(job, None).access == {"port": 7000}


def test_two_runs_have_no_fingerprint_in_common(directory):
    (directory / "shop.yaml").write_text("projects: all\n")
    assert access_files.fingerprint("shop") != access_files.fingerprint("shop")


def test_steps_go_by_the_pinned_file_and_no_plan_shows_its_fingerprint(directory):
    (directory / "shop.yaml").write_text("projects: all\n")
    job = {"driver": "redis", "access": "shop", "project_id": MINE, "cluster_id": CLUSTER}
    kept = plan.Preflight._keep(SimpleNamespace(is_private=True, keep=lambda one: one),
                                {"job": job})
    assert members.driver_for(kept["job"], None).name == "redis"
    (directory / "shop.yaml").write_text("projects: all\nredis: {port: 1}\n")
    with pytest.raises(UpgradeError, match="not the one that the run began with"):
        members.driver_for(kept["job"], None)
    seen = plan.Preflight._keep(SimpleNamespace(is_private=False, keep=lambda one: one),
                                {"job": job})
    assert seen == {"job": job}
