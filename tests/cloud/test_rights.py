"""An upgrade outlives its token, keeps no secret, and ends when its rights are made unavailable."""
import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from keystoneauth1.identity.v3 import ApplicationCredential, Password
from keystoneauth1.session import Session
from mistralclient.api.client import client
from trove_upgrade.lab.cloud import Cloud

from tests.cloud.runs import ENDED, NEW, QUICK, Runs, leaks, until

TOKEN_SEC = 60
BAKE_SEC = 40
SLOW = {"swap_sec": 9, "stop_timeout_sec": 2, "node_timeout_ms": 4000}
REST = {"trove_upgrade_api": {"workflow_inputs": f"bake_sec:{BAKE_SEC},parallelism:one"}}
INPUTS = {"datastore_version": NEW, "bake_sec": BAKE_SEC}
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def brief():
    """A cloud whose tokens live a minute, and whose members take their time."""
    with Cloud(token_sec=TOKEN_SEC, trove=REST, **SLOW) as running:
        yield running


def secrets_of(cloud):
    people = [cloud.password(name) for name in ("demo", "mistral", "trove", "admin")]
    return [one for one in (*people, cloud.lab.settings.password) if one]


def by_cron(demo, cluster):
    """A cron trigger that fires once; the execution's id."""
    name = f"once-{cluster.name}"
    demo.mistral.cron_triggers.create(
        name, "trove_upgrade.cluster", workflow_input={**INPUTS, "cluster_id": cluster.id},
        pattern="* * * * *", count=1)
    found = until(lambda: [one.id for one in demo.mistral.executions.list(
        workflow_name="trove_upgrade.cluster") if "cron" in (one.description or "")],
        "the cron trigger fires", 90)
    return found[0]


def test_upgrades_outlive_their_tokens_from_each_way_in(brief):
    demo = Runs(brief)
    clusters = [brief.lab.create_cluster(f"long{number}") for number in range(3)]
    loads = [brief.lab.load(one, threads=1, rate=20, preload=100).start() for one in clusters]
    begin = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        runs = [one.result() for one in (
            pool.submit(demo.asked, clusters[0]),
            pool.submit(lambda: demo.start(clusters[1], **INPUTS, parallelism="one", canary=True)),
            pool.submit(by_cron, demo, clusters[2]))]
    ends = [demo.end(run, 600) for run in runs]
    assert [output["status"] for _, _, output in ends] == ["upgraded"] * 3, ends
    assert time.monotonic() - begin > 2 * TOKEN_SEC
    reports = [load.stop() for load in loads]
    assert [one["lost"] for one in reports] == [0, 0, 0], reports
    for run, cluster in zip(runs, clusters, strict=True):
        demo.assert_given_back(cluster, run)
        assert demo.versions(cluster) == {NEW}
        assert demo.version(cluster) == NEW
    demo.assert_no_trust()
    assert leaks(brief, secrets_of(brief)) == []


def test_revoked_role_stops_the_run_at_the_next_gate(brief):
    demo, identity = Runs(brief), brief.keystone.identity()
    cluster = brief.lab.create_cluster("revoked")
    run = demo.start(cluster, bake_sec=0, parallelism="one", canary=True)
    demo.until_event(cluster, "stopping")
    user, project = identity.find_user("demo"), identity.find_project("demo")
    role = identity.find_role("member")
    identity.unassign_project_role_from_user(project, user, role)
    watch = Runs(brief, "mistral")
    try:
        state, info, output = watch.end(run)
        assert state == "ERROR"
        assert "rights of this run are not there any more" in info
        assert [one["code"] for one in output["errors"]].count("rights_revoked") >= 1
        assert [one["name"] for one in output["upgraded"]] == ["revoked-member-4"], output
        assert len(output["todo"]) == 5
        assert output["failed"] == output["rolled_back"] == []
        assert any("Trove could not be asked" in note for note in output["notes"])
        assert len(demo.events(cluster, "stopping")) == 1
        task = brief.trove("admin").clusters.get(cluster.id).task["name"]
        assert task == "NONE"
        demo.assert_no_trust()
        left = demo.notes(cluster, run)
        assert left in ([], [f"trove_upgrade.lock.{cluster.id}"])
    finally:
        identity.assign_project_role_to_user(project, user, role)
    second = demo.start(cluster)
    assert demo.end(second)[2]["status"] == "upgraded"
    demo.assert_given_back(cluster, second)


# What can't be kept is refused before anything is touched
def with_application_credential(cloud):
    session = cloud.keystone.session("demo")
    made = session.post(
        f"{cloud.keystone.url}/users/{session.get_user_id()}/application_credentials",
        json={"application_credential": {"name": f"app-{next(NUMBERS)}"}}).json()
    return Session(auth=ApplicationCredential(
        cloud.keystone.url,
        application_credential_id=made["application_credential"]["id"],
        application_credential_secret=made["application_credential"]["secret"]))


def with_a_trust(cloud):
    """As user other, with the rights that demo has passed on to it."""
    session, other = cloud.session("demo"), cloud.session("other").get_user_id()
    made = session.post(f"{cloud.keystone.url}/OS-TRUST/trusts", json={"trust": {
        "trustor_user_id": session.get_user_id(), "trustee_user_id": other,
        "project_id": session.get_project_id(), "impersonation": True,
        "roles": [{"name": "member"}]}}).json()["trust"]["id"]
    return Session(auth=Password(
        cloud.keystone.url, username="other", password=cloud.password("other"),
        user_domain_name="Default", trust_id=made))


NUMBERS = itertools.count(1)


@pytest.mark.parametrize("login", [with_application_credential, with_a_trust])
def test_rights_that_cannot_be_passed_on_are_refused(cloud, cluster, login):
    demo = Runs(cloud)
    session = login(cloud)
    run = demo.start(cluster, client(mistral_url=cloud.engine.url, session=session))
    state, info, output = demo.end(run)
    assert (state, output["status"]) == ("ERROR", "refused"), info
    assert "can't pass its rights on" in info
    assert "auth = service" in info
    assert demo.events(cluster, "stopping") == []
    demo.assert_given_back(cluster, run)
    demo.assert_no_trust()


def test_a_plan_needs_no_trust(cloud, cluster):
    demo = Runs(cloud)
    session = with_application_credential(cloud)
    run = demo.start(cluster, client(mistral_url=cloud.engine.url, session=session), dry_run=True)
    assert demo.end(run)[2]["status"] == "planned"


def test_who_may_not_upgrade_is_refused(cloud, cluster):
    reader = Runs(cloud, "reader")
    run = reader.start(cluster)
    _, info, output = reader.end(run)
    assert output["status"] == "refused"
    assert "cluster:upgrade" in info
    reader.assert_given_back(cluster, run)


def test_a_step_by_hand_gets_no_more_than_its_own_rights(cloud, cluster):
    """The trust of a run is not to be had by naming the run."""
    demo = Runs(cloud)
    run = demo.start(cluster, pause_after="first")
    demo.until_paused(run)
    plan = demo.mistral.tasks.list(workflow_execution_id=run)
    made = next(one for one in plan if one.name == "make_plan")
    job = json.loads(demo.mistral.tasks.get(made.id).published)["plan"]["job"]
    done = Runs(cloud, "reader").mistral.action_executions.create(
        "trove_upgrade.verify", {"job": job}, run_sync=True)
    assert "foreign_rights" in done.output
    demo.abort(run)
    assert demo.end(run)[0] in ENDED


# Where trusts are off
@pytest.fixture
def without_trusts():
    with Cloud(token_sec=TOKEN_SEC, mistral={"trove_upgrade": {"auth": "service"}},
               **{**SLOW, "swap_sec": 8}) as running:
        yield running


def test_the_service_users_own_rights_do_as_well(without_trusts):
    demo = Runs(without_trusts)
    cluster = without_trusts.lab.create_cluster("served")
    run = demo.start(cluster, **{**QUICK, "bake_sec": BAKE_SEC})
    _, info, output = demo.end(run)
    assert output["status"] == "upgraded", info
    demo.assert_no_trust()
    assert demo.version(cluster) == NEW
    assert demo.task(cluster) == "NONE"
    left = demo.notes(cluster, run)
    assert left in ([], [f"trove_upgrade.lock.{cluster.id}"])
    assert leaks(without_trusts, secrets_of(without_trusts)) == []
