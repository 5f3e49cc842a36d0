"""Every answer of the routes: its code, its words, and that nothing changed by a refusal."""
import json

import pytest

from tests.trove_api.apis import BUILDING, NONE, UPGRADING, Seeded

XDIST_GROUP = "apis 1"
NEW, OLD = "9.1.2", "8.1.8"
NOBODY = Seeded("00000000-0000-0000-0000-000000000000")


@pytest.fixture(params=["patch", "post"])
def ask(request, apis):
    """The same upgrade by PATCH and by the stock action."""
    return getattr(apis, request.param)


def refused(answer, code, *words):
    """The answer has this code, and an error in Trove's shape with these words."""
    assert answer.status_code == code, answer.text
    assert answer.headers["X-Trove-Upgrade"] == "1"
    (fault,) = answer.json().values()
    assert fault["code"] == code
    for word in words:
        assert word in fault["message"]


def test_202_location_names_an_execution_of_the_upgrade(apis, ask, cluster):
    answer = ask(cluster, apis.version(NEW))
    assert (answer.status_code, answer.json()) == (202, {})
    url, _, execution_id = answer.headers["Location"].rpartition("/")
    assert url == "https://mistral.example.org/v2/executions"
    execution = apis.execution(execution_id)
    assert execution["workflow_name"] == "trove_upgrade.cluster"
    inputs = json.loads(execution["input"])
    assert inputs["cluster_id"] == cluster.id
    assert inputs["datastore_version"] == apis.version(NEW)
    assert inputs["bake_sec"] == "0"                 # the operator's [..] workflow_inputs
    start_token = json.loads(execution["params"])["env"]["trove_upgrade_start_token"]
    task = apis.task(cluster)
    assert start_token in (task["since"], None) or task["task"] == "NONE"


def test_202_by_the_spelling_of_the_blueprint(apis, cluster):
    answer = apis.ask("PATCH", f"/cluster/{cluster.id}",
                      json={"cluster": {"datastore_version": apis.version(NEW)}})
    assert answer.status_code == 202


def test_202_by_name_of_the_version(ask, cluster):
    assert ask(cluster, NEW).status_code == 202


def test_202_finishes_what_an_upgrade_left_half_done(apis, ask):
    assert ask(apis.seed(NEW, OLD, version=NEW), NEW).status_code == 202


@pytest.mark.parametrize(("datastore", "old", "new"), [("mongodb", "4.4.29", "5.0.31"),
                                                       ("vertica", "9.0.1", "9.1.0")])
def test_202_where_the_strategy_of_trove_refuses(apis, datastore, old, new):
    cluster = apis.seed(version=old, datastore=datastore)
    stock = apis.post(cluster, new, side="stock")
    assert (stock.status_code, "not supported" in stock.text) == (400, True)
    assert apis.post(cluster, new).status_code == 202


def test_202_for_an_administrator_of_another_project(apis, ask, cluster):
    assert ask(cluster, NEW, token="admin").status_code == 202


@pytest.mark.parametrize("body", [
    None, [], 5, "x", {}, {"cluster": None}, {"cluster": {}}, {"cluster": []},
    {"cluster": {"datastore_version": None}}, {"cluster": {"datastore_version": 9}},
    {"cluster": {"datastore_version": ""}}, {"cluster": {"datastore_version": "-"}},
    {"cluster": {"datastore_version": "a\x00"}}, {"cluster": {"datastore_version": "a\ud800"}},
    {"cluster": {"datastore_version": "x" * 256}}, {"cluster": {"datastore_version": {"id": "x"}}},
    {"cluster": {"datastore_version": NEW, "name": "x"}},
    {"cluster": {"datastore_version": NEW}, "upgrade": {}},
    {"upgrade": {"datastore_version": NEW}}], ids=repr)
def test_400_body_not_understood(apis, cluster, body):
    before = apis.task(cluster)
    answer = apis.ask("PATCH", f"/clusters/{cluster.id}", json=body)
    refused(answer, 400, "Validation error: ", 'Send {"cluster": {"datastore_version": ')
    assert apis.task(cluster) == before


@pytest.mark.parametrize("inner", [None, {}, [], {"datastore_version": 9},
                                   {"datastore_version": NEW, "x": 1}], ids=repr)
def test_400_action_not_understood(apis, cluster, inner):
    answer = apis.ask("POST", f"/clusters/{cluster.id}", json={"upgrade": inner})
    refused(answer, 400, "Validation error: ", 'Send {"upgrade": {"datastore_version": ')


@pytest.mark.parametrize("data", [b"{", b"nothing", b"{'a': 1}"])
def test_400_not_json(apis, cluster, data):
    answer = apis.ask("PATCH", f"/clusters/{cluster.id}", data=data,
                      headers={"Content-Type": "application/json"})
    refused(answer, 400, "not JSON")


@pytest.mark.parametrize(("data", "status", "words"), [
    (b"[" * 50_000 + b"]" * 10_000, 400, "levels deep"),
    (b'{"cluster": ' * 9 + b"1" + b"}" * 9, 400, "levels deep"),
    (b'{"cluster": "' + b"x" * 70_000 + b'"}', 413, "65536 bytes"),
    (b'{"cluster": ' + b"9" * 5000 + b"}", 400, "not JSON")], ids=["50000", "9", "70 KB", "digits"])
def test_bodies_that_cost_much_are_refused_before_they_are_parsed(apis, cluster, data, status,
                                                                  words):
    before = apis.task(cluster)
    kind = {"headers": {"Content-Type": "application/json"}}
    refused(apis.ask("PATCH", f"/clusters/{cluster.id}", data=data, **kind), status, words)
    data = data.replace(b"cluster", b"upgrade")
    if data.startswith(b'{"upgrade') and words != "not JSON":       # which is for Trove to say
        refused(apis.ask("POST", f"/clusters/{cluster.id}", data=data, **kind), status, words)
    assert apis.task(cluster) == before


def test_400_no_body(apis, cluster):
    refused(apis.ask("PATCH", f"/clusters/{cluster.id}"), 400, "Validation error")


def test_415_another_content_type(apis, cluster):
    answer = apis.ask("PATCH", f"/clusters/{cluster.id}", data="x",
                      headers={"Content-Type": "text/plain"})
    refused(answer, 415, "application/json")


@pytest.mark.parametrize("by", ["id", "name"])
def test_400_version_of_another_datastore(apis, ask, cluster, by):
    other = "10.11.18" if by == "name" else apis.version("10.11.18", "mariadb")
    refused(ask(cluster, other), 400, "belongs to datastore mariadb", "offers: 8.1.8, 9.1.2")


def test_400_inactive_version(apis, ask, cluster):
    refused(ask(cluster, apis.version("9.0.0")), 400, "9.0.0 is inactive", "activate")


def test_400_downgrade(apis, ask):
    refused(ask(apis.seed(NEW, OLD), OLD), 400, "8.1.8 is older than 9.1.2", "undo")


def test_400_same_version_on_all_members(apis, ask):
    refused(ask(apis.seed(NEW, NEW), NEW), 400, "Every member", "9.1.2 already")


@pytest.mark.parametrize("wanted", ["7.7", "00000000-0000-0000-0000-000000000007"])
def test_404_unknown_version(ask, cluster, wanted):
    refused(ask(cluster, wanted), 404, wanted, "offers: 8.1.8, 9.1.2")


def test_404_unknown_cluster(ask):
    refused(ask(NOBODY, NEW), 404, NOBODY.id, "cannot be found")


def test_404_of_another_tenant_is_trove_s_own(apis, ask, cluster):
    """Word for word what Trove says of it in GET."""
    answer = ask(cluster, NEW, token="other")
    stock = apis.ask("GET", f"/clusters/{cluster.id}", token="other", side="stock")
    assert (answer.status_code, answer.content) == (404, stock.content)


def test_404_deleted_cluster(apis, ask, cluster):
    apis.sql("update clusters set deleted = 1 where id = ?", cluster.id)
    refused(ask(cluster, NEW), 404, "cannot be found")


def test_403_url_of_another_tenant(ask, cluster):
    assert ask(cluster, NEW, token="other", tenant="demo").status_code == 403


def test_403_by_policy_and_back(apis, ask, cluster):
    try:
        apis.policy(cluster__upgrade="role:dba")
        refused(ask(cluster, NEW), 403, "cluster:upgrade")
        assert apis.task(cluster)["task"] == "NONE"
        assert apis.ask("GET", f"/clusters/{cluster.id}/upgrade").status_code == 403
    finally:
        apis.policy()
    assert ask(cluster, NEW).status_code == 202


def test_403_for_a_mere_reader_and_who_may_not_act_on_clusters(apis, ask):
    mine = apis.seed(tenant="reader")       # the stand-in's tenant is its role as well
    refused(ask(mine, NEW, token="reader"), 403, "cluster:upgrade")
    try:
        apis.policy(cluster__action="rule:admin")
        refused(ask(apis.seed(), NEW), 403, "cluster:upgrade")
    finally:
        apis.policy()


def test_422_while_trove_is_busy(apis, ask):
    cluster = apis.seed(task=BUILDING)
    refused(ask(cluster, NEW), 422, "'BUILDING'", "Wait",
            f"openstack database cluster reset status {cluster.id}")
    assert apis.task(cluster)["task"] == "BUILDING"


def test_422_while_an_upgrade_is_being_started(apis, ask, cluster):
    apis.take(cluster)
    refused(ask(cluster, NEW), 422, "being started")


def test_503_says_when_to_come_again_and_changes_nothing(apis, cluster):
    before = apis.task(cluster)
    with apis.gate.mode("closed"):
        for ask in (apis.patch, apis.post):
            answer = ask(cluster, NEW)
            refused(answer, 503, "Mistral can't be reached", "Nothing was changed")
            assert answer.headers["Retry-After"] == "17"
    after = apis.task(cluster)
    assert (after["task"], after["datastore_version"]) == ("NONE", before["datastore_version"])


# The routes for the workflow alone

def test_take_and_give_back(apis, cluster):
    path = f"/clusters/{cluster.id}/upgrade"
    since = apis.take(cluster)
    assert apis.task(cluster)["task"] == "UPGRADING_CLUSTER"
    again = apis.ask("PUT", path, token="admin", json={"upgrade": {"since": None}})
    refused(again, 422, "UPGRADING_CLUSTER", since)
    version = apis.version(NEW)
    for _ in range(2):              # the answer to the first may have been lost
        answer = apis.ask("DELETE", f"{path}?since={since}&datastore_version={version}",
                          token="admin")
        assert (answer.status_code, answer.content) == (204, b"")
    shown = apis.task(cluster)
    assert (shown["task"], shown["datastore_version"], shown["datastore_version_id"]) == (
        "NONE", NEW, version)


def test_a_hold_is_taken_over_once(apis, cluster):
    since = apis.take(cluster)
    assert apis.take(cluster, since) > since
    late = apis.ask("PUT", f"/clusters/{cluster.id}/upgrade", token="admin",
                    json={"upgrade": {"since": since}})
    refused(late, 422)


def test_giving_back_an_earlier_hold_does_nothing(apis, cluster):
    old = apis.take(cluster)
    new = apis.take(cluster, old)
    apis.ask("DELETE", f"/clusters/{cluster.id}/upgrade?since={old}", token="admin")
    assert apis.task(cluster)["task"] == "UPGRADING_CLUSTER"
    apis.ask("DELETE", f"/clusters/{cluster.id}/upgrade?since={new}", token="admin")
    assert apis.task(cluster)["task"] == "NONE"


def test_each_hold_has_a_moment_of_its_own(apis, cluster):
    """Databases that drop fractions of a second can't mix them up."""
    moments = []
    for _ in range(4):
        moments.append(apis.take(cluster))
        apis.ask("DELETE", f"/clusters/{cluster.id}/upgrade", token="admin")
    assert moments == sorted(set(moments))
    assert all("." not in moment for moment in moments)


def test_an_engine_that_is_not_seen_holds_it_for_as_long_as_it_said(apis, cluster):
    """Its moment lies ahead, so no start takes it for one that was given up."""
    now = apis.take(cluster)
    since = apis.take(cluster, now, for_sec=86400)
    assert since[:10] > now[:10]
    refused(apis.patch(cluster, NEW), 422, "Another upgrade seems to be under way")
    apis.ask("DELETE", f"/clusters/{cluster.id}/upgrade?since={since}", token="admin")
    after = apis.task(cluster)
    assert (after["task"], after["since"] < since) == ("NONE", True)


@pytest.mark.parametrize("seconds", [-1, 1.5, "1", None, 30 * 86400 + 1])
def test_400_not_a_time_to_hold_it_for(apis, cluster, seconds):
    answer = apis.ask("PUT", f"/clusters/{cluster.id}/upgrade", token="admin",
                      json={"upgrade": {"since": None, "for_sec": seconds}})
    refused(answer, 400)
    assert apis.task(cluster)["task"] == "NONE"


def test_who_looks_is_told_whether_he_may_hold_it(apis, cluster):
    path = f"/clusters/{cluster.id}/upgrade"
    shown = [apis.ask("GET", path, **who).json()["upgrade"]["may_hold"]
             for who in ({}, {"token": "admin"}, {"token": "service"})]
    assert shown == [False, True, True]


def test_giving_back_leaves_other_tasks_alone(apis):
    cluster = apis.seed(task=BUILDING)
    answer = apis.ask("DELETE", f"/clusters/{cluster.id}/upgrade", token="admin")
    assert (answer.status_code, apis.task(cluster)["task"]) == (204, "BUILDING")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_holding_is_not_for_tenants(apis, cluster, method):
    path = f"/clusters/{cluster.id}/upgrade"
    refused(apis.ask(method, path, json={"upgrade": {"since": None}}), 403, "cluster:upgrade:hold")
    refused(apis.ask(method, path, token="other", json={"upgrade": {"since": None}}), 404)


def test_holding_is_for_the_service_role(apis, cluster):
    """It is of another project and no administrator."""
    path = f"/clusters/{cluster.id}/upgrade"
    body = {"upgrade": {"since": None}}
    assert apis.ask("GET", path, token="service").status_code == 200
    assert apis.ask("PUT", path, token="service", json=body).status_code == 200
    assert apis.ask("DELETE", path, token="service").status_code == 204


@pytest.mark.parametrize("since", [5, "", "yesterday", "0001-01-01T00:00:00+14:00", {}, "9" * 65])
def test_400_not_a_moment(apis, cluster, since):
    answer = apis.ask("PUT", f"/clusters/{cluster.id}/upgrade", token="admin",
                      json={"upgrade": {"since": since}})
    refused(answer, 400)


def test_version_at_giving_back_is_of_the_datastore(apis, cluster):
    path = f"/clusters/{cluster.id}/upgrade?datastore_version="
    apis.take(cluster)
    other = apis.version("10.11.18", "mariadb")
    refused(apis.ask("DELETE", path + other, token="admin"), 400, "another datastore")
    refused(apis.ask("DELETE", path + NOBODY.id, token="admin"), 404)
    assert apis.task(cluster)["task"] == "UPGRADING_CLUSTER"


def test_seeds_mean_what_they_say(apis):
    assert [apis.task(apis.seed(task=task))["task"] for task in (NONE, BUILDING, UPGRADING)] == [
        "NONE", "BUILDING", "UPGRADING_CLUSTER"]
