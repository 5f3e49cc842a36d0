"""The cloud lab: stock clients log in as at home, projects are kept apart, nothing is left."""
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from keystoneauth1.exceptions import Unauthorized
from mistralclient.api.base import APIException
from trove_upgrade.lab.cloud import Cloud
from trove_upgrade.workflows import paths
from troveclient.apiclient.exceptions import NotFound

from tests.cloud.runs import SHARED
from tests.lab.processes import alive, processes
from tests.waits import PATIENCE_SEC, until

CLOUD = SHARED
XDIST_GROUP = "cloud 3"
BIN = Path(sys.executable).parent
MAKER = """
import time
from trove_upgrade.lab.cloud import Cloud
with Cloud() as cloud:
    cloud.lab.create_cluster("pair", shards=1, replicas=1)
    print(cloud.directory, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def run(cloud, tmp_path):
    """run(command, user) runs a stock command as a person of the cloud."""
    def execute(command, user="demo", **more):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
        env = {**kept, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), **cloud.env(user),
               **more}
        program, *arguments = command.split()
        return subprocess.run([BIN / program, *arguments], env=env, capture_output=True, text=True,
                              timeout=PATIENCE_SEC, cwd=tmp_path, check=False)
    return execute


@pytest.fixture(scope="module")
def pair(cloud):
    """A small cluster for the tests that only look at it."""
    made = cloud.lab.create_cluster("pair", shards=1, replicas=1)
    yield made
    cloud.trove().clusters.delete(made.id)


@pytest.mark.parametrize(("command", "words"), [
    ("openstack token issue -f value -c id", "gAAAA"),              # a fernet token
    ("openstack catalog list -f value -c Type", "workflowv2"),
    ("openstack database cluster list -f value -c Name", "{cluster}"),
    ("openstack workflow list -f value -c Name", "trove_upgrade.cluster"),
    ("mistral workflow-list", "trove_upgrade.cluster"),
])
def test_stock_commands_work_as_a_member(run, pair, command, words):
    done = run(command)
    assert done.returncode == 0, done.stderr
    assert words.format(cluster=pair.name) in done.stdout


def test_everyone_has_the_roles_that_are_promised(cloud):
    def roles(user):
        return set(cloud.session(user).auth.get_access(cloud.session(user)).role_names)
    assert roles("demo") == roles("other") == {"member", "reader"}
    assert roles("reader") == {"reader"}
    assert {"admin"} <= roles("admin")
    assert {"admin", "service"} <= roles("mistral") & roles("trove")


def test_a_wrong_password_is_refused(cloud, run):
    assert run("openstack token issue", OS_PASSWORD="no").returncode != 0
    session = cloud.keystone.session("demo")
    session.auth.auth_methods[0].password = "no"
    with pytest.raises(Unauthorized):
        session.get_token()


@pytest.mark.parametrize("service", ["database", "workflowv2"])
def test_services_refuse_who_is_not_logged_in(cloud, service):
    session = cloud.session("demo")
    url = session.get_endpoint(service_type=service)
    path = "/clusters" if service == "database" else "/workflows"
    for headers in ({}, {"X-Auth-Token": "gAAAAno"}):
        answer = session.get(url + path, authenticated=False, headers=headers, raise_exc=False)
        assert answer.status_code == 401


def test_another_project_sees_nothing(cloud, pair):
    begun = cloud.mistral("demo").executions.create(
        "trove_upgrade.cluster", workflow_input={
            "cluster_id": pair.id, "datastore_version": "9.1.2", "dry_run": True})
    assert begun.id in [one.id for one in cloud.mistral("demo").executions.list()]
    assert pair.id in [one.id for one in cloud.trove("demo").clusters.list()]
    assert cloud.trove("other").clusters.list() == []
    assert begun.id not in [one.id for one in cloud.mistral("other").executions.list()]
    with pytest.raises(NotFound):
        cloud.trove("other").clusters.get(pair.id)
    with pytest.raises(APIException) as refused:
        cloud.mistral("other").executions.get(begun.id)
    assert refused.value.error_code == 404
    assert cloud.trove("admin").clusters.get(pair.id).name == pair.name


def test_a_project_in_another_ones_url_is_refused(cloud, pair):
    session, theirs = cloud.session("other"), cloud.session("demo").get_project_id()
    answer = session.get(f"{cloud.lab.url}/{theirs}/clusters", raise_exc=False)
    assert answer.status_code == 403


def test_the_packs_workflows_are_public_and_belong_to_no_project(cloud):
    shown = cloud.mistral("other").workflows.list()
    assert {one.scope for one in shown if one.name.startswith("trove_upgrade.")} == {"public"}


def test_upgrades_are_planned_with_the_catalogs_mistral(run, cluster):
    planned = run(f"trove-upgrade plan --mistral-from-catalog --cluster {cluster.name} "
                  "--datastore-version 9.1.2 -f json")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert len(json.loads(planned.stdout)["waves"]) == 2
    assert not re.search("Traceback|Warning", planned.stderr)


def test_upgrades_are_planned_by_the_embedded_engine_as_a_member(run, cloud, cluster, tmp_path):
    planned = run(f"trove-upgrade plan --cluster {cluster.name} --datastore-version 9.1.2 -f json "
                  f"--state-dir {tmp_path}/engine --access-dir {cloud.access_dir}")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert len(json.loads(planned.stdout)["waves"]) == 2


@pytest.mark.parametrize(("more", "words"), [
    ({"OS_REGION_NAME": "elsewhere"},
     "has no public endpoint for service type 'workflowv2' in region elsewhere"),
    ({"OS_PASSWORD": "no"}, "does not let you in"),
])
def test_a_catalog_without_mistral_and_a_wrong_password_are_told_in_one_line(run, more, words):
    done = run("trove-upgrade show --mistral-from-catalog", **more)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def names():
    return [f"trove_upgrade.{part}" for path in paths()
            for part in [str(path).split("workflows/")[-1].removesuffix(".yaml").replace("/", ".")]]


def test_an_administrator_installs_workflows_for_all_projects(cloud, run):
    admin = cloud.mistral("admin")
    admin.workflows.delete("trove_upgrade.finalize")
    assert run("trove-upgrade install-workflows --public", "demo").returncode != 0
    done = run("trove-upgrade install-workflows --public", "admin")
    assert done.returncode == 0, done.stderr
    assert "created trove_upgrade.finalize" in done.stdout
    assert done.stdout.count("unchanged") == len(names()) - 1
    assert cloud.mistral("other").workflows.get("trove_upgrade.finalize").scope == "public"


def test_another_version_that_is_public_is_left_to_the_administrator(cloud, run):
    admin = cloud.mistral("admin")
    text = admin.workflows.get("trove_upgrade.finalize").definition
    admin.workflows.update(text + "\n# older\n", scope="public")
    refused = run("trove-upgrade install-workflows", "demo")
    assert refused.returncode != 0
    assert "trove_upgrade.finalize is public in this Mistral, in another version" in refused.stderr
    done = run("trove-upgrade install-workflows --public", "admin")
    assert "updated trove_upgrade.finalize" in done.stdout, done.stderr
    assert "unchanged" in run("trove-upgrade install-workflows", "demo").stdout


def test_an_administrator_does_not_touch_a_tenants_workflow_of_the_same_name(cloud, run):
    admin, other = cloud.mistral("admin"), cloud.mistral("other")
    text = admin.workflows.get("trove_upgrade.finalize").definition
    admin.workflows.delete("trove_upgrade.finalize")
    mine = other.workflows.create(text + "\n# mine\n")[0]
    try:
        done = run("trove-upgrade install-workflows --public", "admin")
        assert "created trove_upgrade.finalize" in done.stdout, done.stderr
        kept = other.workflows.get(mine.id)
        assert (kept.scope, "# mine" in kept.definition) == ("private", True)
    finally:
        other.workflows.delete(mine.id)


def test_a_revoked_role_is_noticed_in_seconds(cloud, pair):
    identity = cloud.keystone.identity()
    project = next(identity.projects(name="demo"))
    role = next(identity.roles(name="reader"))
    user = next(identity.users(name="reader"))
    session = cloud.keystone.session("reader")
    url = f"{cloud.lab.url}/{project.id}/clusters"
    assert session.get(url).status_code == 200
    token = session.get_token()
    identity.unassign_project_role_from_user(project, user, role)
    try:
        until(lambda: session.get(url, authenticated=False, raise_exc=False,
                                  headers={"X-Auth-Token": token}).status_code == 401,
              "the token's end")
    finally:
        identity.assign_project_role_to_user(project, user, role)


def test_no_secret_of_the_lab_is_in_a_log(cloud, pair):
    cloud.mistral("demo").workflows.list()
    tokens = [cloud.session("demo").get_token(), cloud.session("admin").get_token()]
    people = ("admin", "demo", "mistral", "trove")
    logs = [*cloud.directory.glob("*/*.log"), *cloud.directory.glob("*/*.out")]
    assert {log.parent.name for log in logs} >= {"keystone", "mistral", "trove"}
    for log in logs:
        text = log.read_text(errors="replace")
        assert not [one for one in (*tokens, *map(cloud.password, people)) if one in text], log


def test_settings_that_hold_passwords_are_their_owners_alone(cloud):
    cloud.write_rc("admin")
    with_secrets = [path for path in cloud.directory.rglob("*") if path.is_file()
                    and any(cloud.password(one).encode() in path.read_bytes()
                            for one in ("admin", "demo", "mistral", "trove"))]
    assert len(with_secrets) >= 4
    assert {path.stat().st_mode & 0o077 for path in with_secrets} == {0}


def test_the_engine_comes_back_where_the_catalog_says(cloud):
    url = cloud.engine.url
    cloud.engine.kill()
    cloud.engine.start(PATIENCE_SEC)
    assert cloud.engine.url == url
    assert cloud.mistral("demo").workflows.get("trove_upgrade.cluster").scope == "public"
    shown = [one.name for one in cloud.mistral("admin").workflows.list()]
    assert sorted(name for name in shown if name.startswith("trove_upgrade.")) == sorted(names())


@pytest.mark.lab_double
def test_stop_ends_all_and_removes_the_directory():
    with Cloud() as cloud:
        cloud.lab.create_cluster("pair", shards=1, replicas=1)
        found = processes(cloud.directory)
        assert len(found) == 5              # Keystone, Trove, Mistral, two servers
    assert alive(found) == []
    assert not cloud.directory.exists()


@pytest.mark.lab_double
def test_kill_9_of_the_clouds_maker_ends_all_and_removes_the_directory():
    with subprocess.Popen([sys.executable, "-W", "ignore", "-c", MAKER], stdout=subprocess.PIPE,
                          text=True) as maker:
        directory = Path(maker.stdout.readline().strip())
        found = processes(directory)
        assert len(found) == 5
        maker.send_signal(signal.SIGKILL)
    until(lambda: not alive(found), "everyone's end")
    until(lambda: not directory.exists(), "the directory's end")


@pytest.mark.lab_double
def test_a_keystone_that_cannot_start_leaves_nothing(monkeypatch):
    monkeypatch.setattr("trove_upgrade.lab.keystone.conf.TEMPLATE", "[database]\nconnection = no\n")
    cloud = Cloud()
    with pytest.raises(Exception, match="keystone did not start"), cloud:
        pass
    assert not cloud.directory.exists()
