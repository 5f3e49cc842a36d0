"""What a tenant can make the pack do with the rights and passwords of others: nothing.

Over the real Keystone, Mistral and Trove. What Mistral itself leaves open to every tenant is used
as it is: any action with any input, an execution's root of his own choice, public environments,
and a target cloud by X-Target-* headers.
"""
import base64
import json
import socket
import threading
from contextlib import contextmanager, suppress
from importlib.metadata import entry_points

import jsonschema
import pytest
import requests
import yaml
from mistralclient.api.base import APIException
from trove_upgrade import schemas

from tests.cloud.runs import ENDED, OLD, QUICK, SHARED, Runs
from tests.shapes import PAIR
from tests.waits import until

CLOUD = SHARED
XDIST_GROUP = "cloud 3"
ACTIONS = sorted(one.name for one in entry_points(group="mistral.actions")
                 if one.name.startswith("trove_upgrade."))
ADDRESS = "127.66.66.66"        # where no member is


class Rogue:
    """A server of the tenant's own: agrees to everything, and writes down what it is told."""

    def __init__(self, port):
        self.heard = b""
        self._server = socket.create_server((ADDRESS, port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                one, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(one,), daemon=True).start()

    def _talk(self, one):
        with one:
            while data := one.recv(65536):
                self.heard += data
                one.sendall(b"+OK\r\n")

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)     # who waits in accept holds the port otherwise
        self._server.close()


@pytest.fixture
def rogue(cloud):
    access = yaml.safe_load((cloud.access_dir / "default.yaml").read_text())
    made = Rogue(int(access["redis"]["port"]))
    yield made
    made.close()


@contextmanager
def paused_run(cloud, cluster):
    """An upgrade of demo's that waits after its first wave."""
    demo = Runs(cloud)
    run = demo.start(cluster, pause_after="first", canary=True)
    demo.until_paused(run)
    yield run
    demo.abort(run)
    assert demo.end(run)[0] in ENDED


def forged(cluster_id, member_id):
    """What the steps would like to be told, all of it the tenant's own words."""
    version = {"id": "x", "name": "9.1.2", "number": "9.1.2"}
    job = {"cluster_id": cluster_id, "kind": "cluster", "members": [], "driver": "redis",
           "access": "default", "owner": "", "target": version, "project_id": ""}
    member = {"id": member_id, "name": "m", "address": ADDRESS, "kind": "", "origin": version,
              "role": "replica", "version": "1", "healthy": True, "done": False}
    return {"run": cluster_id, "member": member_id, "cluster_id": cluster_id,
            "start_token": "2026-01-01T00:00:00", "kind": "cluster", "access": "default",
            "driver": "redis", "with_version": True, "until": 0, "whole": True, "waves": 0,
            "inputs": {"cluster_id": cluster_id, "datastore_version": "9.1.2"},
            "options": {"cluster_id": cluster_id, "datastore_version": "9.1.2", "dry_run": False},
            "plan": {"job": job, "members": [member], "options": {"dry_run": False}},
            "answers": [], "asks": 3, "executors": 1,
            "last": {"admitted": True, "place": 1, "of": 1, "wait_sec": 0},
            "failure": [{"code": "x", "class": "rollback", "instance": "", "message": ""}],
            "progress": {"waves": 0, "paused_at": 0, "baked": True},
            "heed_abort": False, "heed_pause": False, "blindly": False}


def signature(name):
    found = entry_points(group="mistral.actions")[name].load()
    return found.__init__.__code__.co_varnames[1:found.__init__.__code__.co_argcount]


@pytest.mark.parametrize("user", ["other", "reader", None])
def test_no_action_called_by_hand_does_anything(cloud, cluster, rogue, user):
    """Every registered action, so that a new one is covered when it is born."""
    member_id = cloud.trove().clusters.get(cluster.id).instances[0]["id"]
    given = forged(cluster.id, member_id)
    odd = (None, 7, [1], {"id": member_id}, "../../workflows/x", "x" * 70_000)
    before, trusts = cloud.lab.journal(), Runs(cloud).trusts()
    asked = len(cloud.lab.api_calls())
    assert len(ACTIONS) > 15
    for number, name in enumerate(ACTIONS):
        names = signature(name)
        wrong = {one: odd[(number + place) % len(odd)] for place, one in enumerate(names)}
        for inputs in ({one: given[one] for one in names}, wrong):
            if user is None:
                answer = requests.post(f"{cloud.engine.url}/action_executions", timeout=60, json={
                    "name": name, "input": json.dumps(inputs)})
                assert answer.status_code == 401
                continue
            done = cloud.mistral(user).action_executions.create(name, inputs, run_sync=True)
            result = json.loads(done.output)["result"]
            assert done.state == "ERROR", (name, inputs, result)
            jsonschema.validate(result, schemas.load("error"))
            assert result["code"] != "unexpected", (name, inputs, result)
    assert rogue.heard == b""
    assert len(cloud.lab.api_calls()) == asked, "Trove is not asked either"
    assert cloud.lab.journal() == before
    assert Runs(cloud).trusts() == trusts
    assert Runs(cloud).notes(cluster) == []


EVIL = """
version: '2.0'
evil:
  input: [action, args]
  tasks:
    wait: {action: std.noop, pause-before: true, on-success: go}
    go:
      action: <% $.action %>
      input: <% $.args %>
      publish: {got: <% task().result %>}
      publish-on-error: {got: <% task().result %>}
"""
AT_ONCE = EVIL.replace("    wait: {action: std.noop, pause-before: true, on-success: go}\n", "")


class Intruder:
    """A tenant with a workflow of his own, whose executions wait until he lets them go on.

    :param name: what he calls it.
    :param text: its definition; one that does not wait may stand below a task of another run.
    """

    def __init__(self, cloud, user, headers=None, name="evil", text=EVIL):
        self.url, self.name = cloud.engine.url, name
        self.headers = {"X-Auth-Token": cloud.session(user).get_token(), **(headers or {})}
        self.forget()
        self.workflow = self._ask("POST", "workflows", data=text.replace("evil:", f"{name}:"),
                                  headers={"Content-Type": "text/plain"})["workflows"][0]["id"]

    def forget(self):
        """Delete the workflow, if it is there."""
        for one in self._ask("GET", "workflows?fields=id,name,scope")["workflows"]:
            if (one["name"], one["scope"]) == (self.name, "private"):
                self._ask("DELETE", f"workflows/{one['id']}")

    def begin(self, action, args, **params):
        return self._ask("POST", "executions", json={
            "workflow_id": self.workflow, "input": {"action": action, "args": args},
            "params": params})["id"]

    def go(self, run):
        """What the action said."""
        until(lambda: self._state(run) != "RUNNING", "the intruder waits")
        if self._state(run) == "PAUSED":
            self._ask("PUT", f"executions/{run}", json={"state": "RUNNING"})
        until(lambda: self._state(run) in ENDED, "the intruder's end")
        [task] = [one for one in self._ask("GET", f"executions/{run}/tasks")["tasks"]
                  if one["name"] == "go"]
        return json.loads(self._ask("GET", f"tasks/{task['id']}")["published"])["got"]

    def _state(self, run):
        return self._ask("GET", f"executions/{run}")["state"]

    def _ask(self, method, path, headers=None, **body):
        answer = requests.request(method, f"{self.url}/{path}", timeout=60,
                                  headers={**self.headers, **(headers or {})}, **body)
        return answer.json() if answer.content and answer.status_code < 300 else {}


def member_of(cloud, cluster):
    return cloud.trove().clusters.get(cluster.id).instances[0]["id"]


@pytest.mark.parametrize("user", ["reader", "demo"])
def test_the_root_of_a_run_can_be_feigned_and_gives_nothing(cloud, cluster, paused, user):
    """By every action, in an execution that names the run as its root and a task of it as its
    parent, with a workflow that bears the name of the one that this task has called."""
    given = {**forged(cluster.id, member_of(cloud, cluster)), "run": paused}
    before, parents = record_of(cloud, paused), tasks_of(
        cloud, paused, "make_plan", "prepare", "upgrade_wave")
    with shadowing(cloud, user) as intruder:
        begun = {action: intruder.begin(
            action, {one: given[one] for one in signature(action)}, root_execution_id=paused,
            task_execution_id=parents[number % len(parents)], index=number % 2)
            for number, action in enumerate(ACTIONS)}
        for action, run in begun.items():
            said = intruder.go(run)
            # The report tells what it was given, if that is whole, and asks nobody.
            assert said.get("code") in ("foreign_rights", "not_in_a_run") \
                or action == "trove_upgrade.report", (action, said)
    assert record_of(cloud, paused) == before
    assert Runs(cloud).events(cluster, "stopping") == []
    assert Runs(cloud).trusts(), "the run's rights are still there"


@contextmanager
def shadowing(cloud, user):
    """An intruder whose workflow bears the name of one of ours, in the project of demo."""
    intruder = Intruder(cloud, user, name="trove_upgrade.roll", text=AT_ONCE)
    try:
        yield intruder
    finally:
        intruder.forget()


@pytest.mark.parametrize("workflow", ["rollback", "roll", "member", "finish"])
def test_our_own_workflows_are_no_part_of_a_run_that_has_not_called_them(cloud, paused, workflow):
    """A reader starts them beside the run, below a task of it, with a failure of his own."""
    before = record_of(cloud, paused)
    [prepare] = tasks_of(cloud, paused, "prepare")
    run = beside(cloud, workflow, paused, prepare, "x")
    assert "does not belong to the run" in failure_of(cloud, run)
    assert record_of(cloud, paused) == before


def test_a_task_that_is_at_work_has_called_none_but_its_own(cloud, cluster):
    """Mistral takes what ends below a task for its end, so each has a run of its own."""
    demo = Runs(cloud)
    run = demo.start(cluster, pause_after="first", canary=True)
    demo.until_paused(run)
    given = {**forged(cluster.id, member_of(cloud, cluster)), "run": run}
    parents = tasks_of(cloud, run, "roll")
    with shadowing(cloud, "reader") as intruder:
        begun = [intruder.begin("trove_upgrade.choose_undo", {one: given[one] for one in (
            "run", "failure", "waves")}, root_execution_id=run, task_execution_id=parent,
            index=index) for parent in parents for index in (0, 1)]
        said = [intruder.go(one)["code"] for one in begun]
    again = beside(cloud, "rollback", run, parents[0], given["member"])
    assert set(said) == {"foreign_rights"}
    assert "does not belong to the run" in failure_of(cloud, again)
    demo.mistral.executions.update(run, "CANCELLED")
    demo.end(run)


def test_a_workflow_that_bears_the_name_of_ours_gets_nothing_where_a_run_calls_it(cloud, cluster):
    """Mistral calls the one of the caller's own project, which any of its users may make."""
    text = """
version: '2.0'
trove_upgrade.roll:
  input: [run, tries]
  output: {finished: true}
  tasks:
    choose:
      action: trove_upgrade.choose_undo
      input:
        run: <% $.run %>
        failure: {code: x, class: rollback, instance: "", message: ""}
        waves: 0
      publish: {told: <% task().result %>}
      publish-on-error: {told: <% task().result %>}
"""
    reader, demo = cloud.mistral("reader"), Runs(cloud)
    [made] = reader.workflows.create(text)
    try:
        run = demo.start(cluster)
        _, info, output = demo.end(run)
        called = demo.mistral.executions.list(root_execution_id=run, workflow_id=made.id)
        assert called, "the test's own premise: the run has called it"
        [task] = demo.mistral.tasks.list(workflow_execution_id=called[0].id, name="choose")
        told = json.loads(demo.mistral.tasks.get(task.id).published)["told"]
        assert told["code"] == "foreign_rights", told
        assert demo.versions(cluster) == {OLD}, info
        demo.assert_given_back(cluster, run)
    finally:
        reader.workflows.delete(made.id)


def test_a_workflow_that_hides_the_one_that_others_ask_for_gets_nothing(cloud, cluster):
    """A reader's own, started by who may upgrade: it would upgrade what the reader likes. Which of
    them Mistral takes for the name is its database's to say; this one is told."""
    text = f"""
version: '2.0'
trove_upgrade.cluster:
  input: [cluster_id, datastore_version, bake_sec: 0, parallelism: one, canary: true]
  tasks:
    take:
      action: trove_upgrade.take_lock
      input: {{run: <% execution().id %>, cluster_id: {cluster.id}}}
      publish: {{told: <% task().result %>}}
      publish-on-error: {{told: <% task().result %>}}
"""
    reader, demo = cloud.mistral("reader"), Runs(cloud)
    trusts = demo.trusts()
    [made] = reader.workflows.create(text)
    try:
        run = demo.mistral.executions.create(made.id, workflow_input=QUICK | {
            "cluster_id": "any"}).id
        demo.end(run)
        [task] = demo.mistral.tasks.list(workflow_execution_id=run)
        told = json.loads(demo.mistral.tasks.get(task.id).published)["told"]
        assert told.get("code") == "foreign_rights", told
        demo.assert_given_back(cluster, run)
        assert demo.trusts() == trusts
    finally:
        reader.workflows.delete(made.id)


def test_an_ad_hoc_action_that_bears_the_name_of_ours_calls_none_of_ours(cloud, cluster):
    """Mistral takes it in the place of ours, in a true step of the run, with a base and an input of
    a reader's choice."""
    text = """
version: '2.0'
trove_upgrade.choose_wave:
  input: [run, progress]
  base: trove_upgrade.choose_undo
  base-input:
    run: <% $.run %>
    failure: {code: x, class: rollback, instance: "", message: ""}
    waves: 0
"""
    reader, demo = cloud.mistral("reader"), Runs(cloud)
    reader.actions.create(text)
    try:
        run = demo.start(cluster)
        _, info, output = demo.end(run)
        assert "calls another action than trove_upgrade.choose_undo" in json.dumps(output), info
        assert demo.versions(cluster) == {OLD}
        demo.assert_given_back(cluster, run)
    finally:
        reader.actions.delete("trove_upgrade.choose_wave")


def beside(cloud, workflow, run, parent, member):
    """One of our workflows that a reader has started, as if a task of the run had called it."""
    reader, given = cloud.mistral("reader"), {
        "run": run, "member": member, "cluster_id": "x",
        "tries": dict.fromkeys(("steps", "gate", "member", "switchover", "undo",
                                "delay_sec"), 0),
        "failure": {"code": "x", "class": "rollback", "instance": "", "message": ""}}
    takes = reader.workflows.get(f"trove_upgrade.{workflow}").input.replace(" ", "").split(",")
    return reader.executions.create(
        f"trove_upgrade.{workflow}", workflow_input={one: given[one] for one in takes},
        root_execution_id=run, task_execution_id=parent).id


def failure_of(cloud, run):
    """What such a workflow tells when it has ended, as text."""
    reader = cloud.mistral("reader")
    until(lambda: reader.executions.get(run).state in ENDED, "the intruder's end")
    return json.dumps(json.loads(reader.executions.get(run).output)["failure"])


def tasks_of(cloud, run, *names):
    """Ids of the tasks of these names, in the run and in all below it."""
    demo = cloud.mistral("demo")
    below = [one.id for one in demo.executions.list(root_execution_id=run)]
    found = [task for one in (run, *below) for task in demo.tasks.list(workflow_execution_id=one)
             if task.name in names]
    assert {one.name for one in found} == set(names)
    return [one.id for one in found]


def record_of(cloud, run):
    """The run's record and its wave in hand, as they stand in the service user's project."""
    notes = {one.name: one.variables for one in cloud.mistral("mistral").environments.list()}
    return [notes[f"trove_upgrade.{kind}.{run}"] for kind in ("run", "wave")]


@pytest.fixture(scope="module")
def paused(cloud):
    """One run of demo's for all of them."""
    mine = cloud.lab.create_cluster("paused", **PAIR)
    with paused_run(cloud, mine) as run:
        yield run
    cloud.lab.faults.clear()


def test_the_run_of_another_project_is_not_to_be_had(cloud, paused):
    intruder = Intruder(cloud, "other")
    for action in ("verify", "release_lock", "drop_rights", "choose_undo"):
        given = {**forged("x", "x"), "run": paused}
        run = intruder.begin(f"trove_upgrade.{action}", {
            one: given[one] for one in signature(f"trove_upgrade.{action}")},
            root_execution_id=paused)
        said = intruder.go(run)
        assert said["code"] in ("foreign_rights", "not_in_a_run"), (action, said)
    assert Runs(cloud).notes(cloud.trove().clusters.find(name="paused"), paused)


def test_what_a_tenant_has_written_is_not_taken_for_the_packs_own(cloud, cluster):
    """Rights, record and wave of his own run, as if the service user had written them: with the
    service user's rights for demo's cluster."""
    intruder, mistral = Intruder(cloud, "other"), cloud.mistral("other")
    member_id = member_of(cloud, cluster)
    run = intruder.begin("trove_upgrade.request_upgrade", {})
    given = forged(cluster.id, member_id)
    job = {**given["plan"]["job"], "owner": run, "driver": "generic", "try_sec": 1, "poll_sec": 0.1,
           "target": {"id": cloud.lab.version_id("9.1.2"), "name": "9.1.2", "number": "9.1.2"}}
    member = given["plan"]["members"][0] | {"identity": "", "recorded": "?", "domain": ""}
    project = cloud.session("other").get_project_id()
    mine = {
        f"trove_upgrade.rights.{run}": {"execution": run, "cluster_id": cluster.id,
                                        "project_id": project, "trust_id": "", "own": False},
        f"trove_upgrade.run.{run}": {"plan": {**given["plan"], "job": job}},
        f"trove_upgrade.wave.{run}": {"members": {member_id: member}, "peers": [member],
                                      "unavailable": [member_id], "back": False},
        f"trove_upgrade.lock.{cluster.id}": {"owner": run, "cluster_id": cluster.id,
                                             "project_id": project, "members": [member_id]}}
    for name, variables in mine.items():
        mistral.environments.create(name=name, variables=variables)
    try:
        done = Intruder(cloud, "other").begin("trove_upgrade.request_upgrade",
                                              {"run": run, "member": member_id},
                                              root_execution_id=run)
        assert intruder.go(done)["code"] in ("lock_lost", "foreign_rights")
        assert Runs(cloud).events(cluster, "stopping") == []
        demo = Runs(cloud)
        _, info, output = demo.end(demo.start(cluster))
        assert output["status"] == "upgraded", f"his lock holds nobody off: {info}"
    finally:
        for name in mine:
            mistral.environments.delete(name)


@pytest.mark.parametrize("catalog", [True, False])
def test_a_target_chosen_by_headers_is_refused(cloud, cluster, catalog):
    """Mistral takes project, token and catalog of the target from its caller's headers."""
    entry = {"type": "database", "name": "trove", "endpoints": [
        {"interface": "public", "url": f"http://{ADDRESS}:1/v1.0/x", "region": "RegionOne"}]}
    intruder = Intruder(cloud, "other", {
        "X-Target-Auth-Uri": "http://127.0.0.1:1/v3", "X-Target-Project-Id": "x",
        "X-Target-Auth-Token": cloud.session("other").get_token(),
        **({"X-Target-Service-Catalog": base64.b64encode(json.dumps([entry]).encode()).decode()}
           if catalog else {})})
    for action, args in (("take_lock", ("run", "cluster_id")), ("plan", ("run", "inputs"))):
        given = forged(cluster.id, "x")
        run = intruder.begin(f"trove_upgrade.{action}", {one: given[one] for one in args})
        assert intruder.go(run)["code"] == "foreign_cloud"
    assert Runs(cloud).task(cluster) == "NONE"
    assert Runs(cloud).notes(cluster) == []


def test_an_access_file_is_for_the_projects_that_it_lists(cloud, cluster):
    """demo names that of other; neither its password nor its owner is told."""
    password = cloud.access_dir / "theirs.pw"
    password.write_text("THE-PASSWORD-OF-OTHERS")
    (cloud.access_dir / "theirs.yaml").write_text(yaml.safe_dump({
        "projects": [cloud.session("other").get_project_id()],
        "redis": {"password_file": str(password)}}))
    demo = Runs(cloud)
    for access in ("theirs", "nobodys"):
        (cloud.access_dir / "nobodys.yaml").write_text("redis: {}\n")
        _, info, output = demo.end(demo.start(cluster, access=access, dry_run=True))
        assert output["status"] == "refused"
        assert f"The access file '{access}' is not for project" in info
        assert cloud.session("other").get_project_id() not in info
    assert demo.versions(cluster) == {OLD}


def test_an_administrators_rights_are_not_kept(cloud, cluster):
    admin = Runs(cloud, "admin")
    _, info, output = admin.end(admin.start(cluster))
    assert output["status"] == "refused", info
    assert "trust_roles" in info
    admin.assert_given_back(cluster, "")
    assert Runs(cloud).events(cluster, "stopping") == []


def test_a_trust_carries_no_more_roles_than_a_run_needs(cloud, paused):
    [trust] = Runs(cloud).trusts()
    shown = cloud.keystone.identity().get(f"/OS-TRUST/trusts/{trust['id']}").json()["trust"]
    assert [one["name"] for one in shown["roles"]] == ["member"]


def test_a_lock_in_another_project_of_the_same_name_can_be_written_beside(cloud):
    """The service user writes to its own only, whatever others have named the same."""
    from trove_upgrade.services.environments import Environments
    name = "trove_upgrade.wave.beside"
    actor = type("Actor", (), {"project_id": cloud.session("mistral").get_project_id()})()
    notes = Environments.__new__(Environments)
    notes._environments, notes._project_id = cloud.mistral("mistral").environments, actor.project_id
    theirs = cloud.mistral("admin").environments       # Mistral's policy keeps tenants from it
    theirs.create(name=name, variables={"of": "other"}, scope="public")
    try:
        assert notes.read(name) is None
        assert notes.create(name, {"of": "service"})
        notes.replace(name, {"of": "service", "again": True})
        assert notes.read(name) == {"of": "service", "again": True}
        assert notes.named(name) == {name: {"of": "service", "again": True}}
    finally:
        notes.delete(name)
        with suppress(APIException):        # Mistral has deleted the public one with ours
            theirs.delete(name)
