"""The routes in trove-api behind real Keystone: who the caller is, and with whose rights it runs.

Codes that do not depend on Keystone are tested in tests/trove_api.
"""
import json

import pytest
import requests
from trove_upgrade.planning.lock_names import START_KEY, execution_of

from tests.cloud.runs import SHARED
from tests.shapes import PAIR
from tests.waits import PATIENCE_SEC, until

CLOUD = SHARED
XDIST_GROUP = "cloud 2"
NEW = "9.1.2"


@pytest.fixture
def ask(cloud):
    """A request on a cluster as somebody: their token, their project's URL."""
    def ask(user, method, cluster, path="", token=None, **keywords):
        session = cloud.session(user)
        url = f"{cloud.lab.url}/{session.get_project_id()}/clusters/{cluster.id}{path}"
        token = session.get_token() if token is None else token
        return requests.request(method, url, timeout=PATIENCE_SEC, **keywords,
                                headers={"X-Auth-Token": token} if token else {})
    return ask


@pytest.fixture
def patch(ask):
    """PATCH to the new version."""
    def patch(user, cluster, **keywords):
        return ask(user, "PATCH", cluster, json={"cluster": {"datastore_version": NEW}}, **keywords)
    return patch


@pytest.mark.parametrize("token", ["", "0" * 32], ids=["none", "unknown"])
@pytest.mark.parametrize(("method", "path"), [("PATCH", ""), ("POST", ""), ("GET", "/upgrade"),
                                              ("PUT", "/upgrade"), ("DELETE", "/upgrade")])
def test_401(ask, shop, token, method, path):
    assert ask("demo", method, shop, path, token=token, json={}).status_code == 401


def test_403_for_a_reader_and_404_for_another_project(ask, patch, shop):
    refused = patch("reader", shop)
    assert (refused.status_code, "cluster:upgrade" in refused.text) == (403, True)
    foreign = patch("other", shop)
    assert foreign.status_code == 404
    assert foreign.content == ask("other", "GET", shop).content


def test_hold_is_for_the_service_user_of_another_project(ask, shop):
    body = {"upgrade": {"since": None}}
    assert ask("demo", "PUT", shop, "/upgrade", json=body).status_code == 403
    assert ask("other", "PUT", shop, "/upgrade", json=body).status_code == 404
    taken = ask("mistral", "PUT", shop, "/upgrade", json=body)
    assert (taken.status_code, taken.json()["upgrade"]["task"]) == (200, "UPGRADING_CLUSTER")
    seen = ask("demo", "GET", shop, "/upgrade").json()["upgrade"]
    assert seen == {**taken.json()["upgrade"], "may_hold": False}
    assert ask("mistral", "DELETE", shop, "/upgrade").status_code == 204
    assert ask("demo", "GET", shop, "/upgrade").json()["upgrade"]["task"] == "NONE"


def test_503_when_mistral_is_stopped_and_nothing_is_changed(cloud, patch, ask, shop):
    cloud.engine.stop()
    try:
        answer = patch("demo", shop)
    finally:
        cloud.engine.start(PATIENCE_SEC)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert ask("demo", "GET", shop, "/upgrade").json()["upgrade"]["task"] == "NONE"


def test_202_runs_as_the_caller_and_a_second_is_refused_by_name(cloud, patch, ask, cluster):
    answer = patch("demo", cluster)
    assert (answer.status_code, answer.json()) == (202, {})
    url, _, execution_id = answer.headers["Location"].rpartition("/")
    since = ask("demo", "GET", cluster, "/upgrade").json()["upgrade"]["since"]
    assert execution_id != execution_of(cluster.id, since)      # which anybody could occupy before
    key = cloud.mistral("mistral").environments.get(START_KEY).variables["key"]
    assert execution_id == execution_of(cluster.id, since, key)
    assert START_KEY not in {one.name for one in cloud.mistral("demo").environments.list()}
    assert url == f"{cloud.engine.url}/executions"
    mistral = cloud.mistral("demo")
    assert mistral.executions.get(execution_id).project_id == cloud.session(
        "demo").get_project_id()
    for user in ("demo", "admin"):
        second = patch(user, cluster)
        assert second.status_code == 422
        assert f"Execution {execution_id} upgrades this cluster." in second.text
    until(lambda: mistral.executions.get(execution_id).state != "RUNNING", "its end",
          every=0.5)
    ended = mistral.executions.get(execution_id)
    assert ended.state == "SUCCESS", ended.state_info
    assert json.loads(ended.output)["status"] == "upgraded"
    shown = ask("demo", "GET", cluster, "/upgrade").json()["upgrade"]
    assert (shown["task"], shown["datastore_version"]) == ("NONE", NEW)
    again = patch("demo", cluster)
    assert (again.status_code, "already" in again.text) == (400, True)


def test_hold_that_no_execution_has_is_taken_over_after_the_grace(cloud, patch, ask, cluster):
    """As when trove-api dies between hold and start. The service user sees that none is there."""
    taken = ask("mistral", "PUT", cluster, "/upgrade", json={"upgrade": {"since": None}})
    assert taken.status_code == 200
    early = patch("demo", cluster)
    assert (early.status_code, "being started" in early.text) == (422, True)
    until(lambda: patch("demo", cluster).status_code == 202, "the takeover", every=1)
    [execution] = cloud.mistral("demo").executions.list(
        limit=1, sort_keys="created_at", sort_dirs="desc", workflow_name="trove_upgrade.cluster")
    until(lambda: cloud.mistral("demo").executions.get(execution.id).state == "SUCCESS",
          "the upgrade's end", every=0.5)


@pytest.fixture(scope="module")
def shop(cloud):
    """A cluster that no test of the module changes."""
    made = cloud.lab.create_cluster("rest", **PAIR)
    yield made
    cloud.trove().clusters.delete(made.id)
