"""Whose rights an upgrade has: what can't be kept is refused before anything is touched."""
import itertools

import pytest
from keystoneauth1.identity.v3 import ApplicationCredential, Password
from keystoneauth1.session import Session
from mistralclient.api.client import client

from tests.cloud.runs import ENDED, SHARED, Runs

CLOUD = SHARED
XDIST_GROUP = "cloud 3"
NUMBERS = itertools.count(1)


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
    done = Runs(cloud, "reader").mistral.action_executions.create(
        "trove_upgrade.verify", {"run": run}, run_sync=True)
    assert "not_in_a_run" in done.output
    demo.abort(run)
    assert demo.end(run)[0] in ENDED
