"""Every way in, as a member user, with stock clients: each upgrades a fresh cluster, lost 0."""
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from trove_upgrade.interfaces.client import (
    Client,
    ClusterNotFound,
    ConnectionFailed,
    UnderUpgrade,
)
from troveclient.apiclient import exceptions as trove_errors

from tests.cloud.runs import SHARED
from tests.cloud.ways import NEW, OLD, REFUSAL, WAYS, Person, number, openstack_ours, troveclient
from tests.shapes import PAIR
from tests.waits import PATIENCE_SEC, until

CLOUD = SHARED
XDIST_GROUP = "cloud 1"               # alone: it asserts that no trust is left of anybody
AT_ONCE = 3
MAKING = threading.Lock()


@pytest.fixture(scope="module")
def person(cloud, tmp_path_factory):
    """Somebody of the cloud, by name."""
    return lambda name="demo": Person(cloud, tmp_path_factory.mktemp(name), name)


@pytest.fixture(scope="module")
def outcomes(request, cloud, person):
    """The outcome to be of each way that is tested, several at once in the background."""
    wanted = {item.callspec.params["way"] for item in request.session.items
              if item.module is request.module and "way" in getattr(
                  getattr(item, "callspec", None), "params", {})}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        people = {way: person() for way in sorted(wanted)}
        yield {way: pool.submit(play, cloud, one, way) for way, one in people.items()}


def play(cloud, person, way):
    """Upgrade a fresh cluster by one of the ways in, under load; what is seen afterwards."""
    with MAKING:
        cluster = cloud.lab.create_cluster(f"way-{way.replace('_', '-')}", **PAIR)
    with cloud.lab.load(cluster, threads=2, rate=25, preload=200) as load:
        WAYS[way](person, cluster)
        begun = person.client.list(cluster.id)
        end = person.client.wait(begun[0], timeout_sec=PATIENCE_SEC)
        counted = load.stop()
    shown = cloud.trove().clusters.get(cluster.id)
    seen = SimpleNamespace(
        begun=begun, end=end, load=counted, task=shown.task["name"],
        version=shown.datastore["version"], left=left_over(cloud, cluster, end),
        versions={member.version for member in cloud.lab.members(cluster)})
    cloud.trove().clusters.delete(cluster.id)
    return seen


def left_over(cloud, cluster, end):
    """Whatever is still there of the run, but for the record of the executions."""
    names = [one.name for who in ("demo", "mistral")
             for one in cloud.mistral(who).environments.list()
             if cluster.id in one.name or end.execution_id in one.name]
    trusts = [one.id for one in cloud.keystone.identity().trusts()
              if end.execution_id in str(one.to_dict())]
    return names + trusts


@pytest.mark.parametrize("way", WAYS)
def test_way_in_upgrades_a_real_cluster_under_load(outcomes, way):
    seen = outcomes[way].result()
    assert len(seen.begun) == 1
    assert seen.end.state == "SUCCESS", seen.end.message
    assert seen.end.result["status"] == "upgraded"
    assert (seen.load["lost"], seen.load["unreadable"]) == (0, 0), seen.load
    assert seen.load["acknowledged"] > 500
    assert seen.versions == {NEW}
    assert (seen.task, seen.version) == ("NONE", NEW)
    assert seen.left == []


def test_no_trust_is_left_when_all_are_over(outcomes, cloud):
    for future in outcomes.values():
        future.result()
    assert [*cloud.keystone.identity().trusts()] == []


@pytest.fixture(scope="module", params=[troveclient, openstack_ours], ids=lambda way: way.__name__)
def held(request, cloud, person):
    """(cluster under upgrade, its execution), begun by REST or straight at Mistral."""
    cluster = cloud.lab.create_cluster(f"held-{request.param.__name__.replace('_', '-')}", **PAIR)
    demo = person()
    request.param(demo, cluster)
    execution = demo.client.list(cluster.id)[0].id
    until(lambda: demo.client.show(execution).phase not in ("planning", "locking"), "the lock")
    demo.client.pause(execution)        # so that it is still there when the last has asked
    until(lambda: demo.client.show(execution).state == "PAUSED", "paused")
    yield cluster, execution
    demo.client.abort(execution)
    demo.client.wait(execution, timeout_sec=PATIENCE_SEC)
    cloud.trove().clusters.delete(cluster.id)


def answer(person, way, cluster):
    """What somebody reads who starts an upgrade this way."""
    if way == "curl":
        return person.patch(cluster, number(person.cloud)).stdout
    if way == "mistral":
        execution = WAYS[way](person, cluster)
        return person.client.wait(execution, timeout_sec=PATIENCE_SEC).message
    try:
        WAYS[way](person, cluster)
    except (UnderUpgrade, AssertionError, trove_errors.ClientException) as error:
        return str(error)
    return "accepted"


@pytest.mark.parametrize("second", WAYS)
def test_second_upgrade_is_refused_with_the_owner_named(held, person, second):
    cluster, execution = held
    demo = person()
    said = " ".join(answer(demo, second, cluster).split())
    assert REFUSAL.format(execution) in said
    assert not demo.client.show(execution).ended


@pytest.mark.parametrize("user", ["other", "admin"])
def test_other_projects_are_held_off_too(held, person, user):
    cluster, execution = held
    somebody = person(user)
    said = " ".join(answer(somebody, "curl", cluster).split())
    assert ("404" if user == "other" else REFUSAL.format(execution)) in said
    refused = answer(somebody, "mistral", cluster)
    assert ("There is no cluster" if user == "other" else REFUSAL.format(execution)) in refused


@pytest.mark.parametrize("way", ["trove_cli", "openstack_stock", "troveclient", "curl"])
def test_reader_is_refused_by_policy(cluster, cloud, person, way):
    said = answer(person("reader"), way, cluster)
    assert "403" in said
    assert cloud.trove().clusters.get(cluster.id).task["name"] == "NONE"


def test_reader_who_starts_the_workflow_changes_nothing(cluster, cloud, person):
    reader = person("reader")
    begun = Client(reader.session).upgrade(cluster.name, NEW)
    end = reader.client.wait(begun, timeout_sec=PATIENCE_SEC)
    assert end.result["status"] == "refused", end.message
    assert "cluster:upgrade" in end.message or "not allowed" in end.message
    assert {member.version for member in cloud.lab.members(cluster)} == {OLD}
    assert cloud.trove().clusters.get(cluster.id).task["name"] == "NONE"


def test_another_tenants_cluster_is_not_there(cluster, person):
    other = person("other")
    with pytest.raises(ClusterNotFound):
        other.client.upgrade(cluster.id, NEW)
    with pytest.raises(ClusterNotFound):
        other.client.show(cluster.id)
    assert " 404 " in other.patch(cluster, number(other.cloud)).stdout.splitlines()[0]
    for command in (("plan", cluster.id, NEW), ("rollback", cluster.id), (cluster.id, NEW)):
        done = other.openstack(*command)
        assert done.returncode == 1
        assert cluster.id in done.stderr


def test_region_without_a_mistral_is_told(cloud):
    with pytest.raises(ConnectionFailed, match="no public endpoint for service type 'workflowv2' "
                                               "in region Nowhere"):
        Client(cloud.session("demo"), region="Nowhere").list()


def test_openstack_commands_from_plan_to_rollback(cluster, cloud, person):
    demo = person()

    def ours(*arguments, code=0):
        done = demo.openstack(*arguments, "-f", "json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    def versions():
        return {member.version for member in cloud.lab.members(cluster)}

    assert ours("plan", cluster.name, NEW)["ready"]
    begun = ours("start", cluster.name, NEW, "--bake-sec", "0", "--pause-after", "first",
                 "--finalize", "manual")
    paused = ours("watch", cluster.name, code=6)
    assert (paused["id"], paused["upgraded"]) == (begun["id"], "1/2")
    assert ours("show", begun["id"])["state"] == "PAUSED"
    assert ours("resume", cluster.name, "--wait")["status"] == "upgraded"
    assert versions() == {NEW}
    assert ours("rollback", cluster.name, "--bake-sec", "0", "--wait")["status"] == "upgraded"
    assert versions() == {OLD}
    assert [one["Datastore Version"] for one in ours("list", "--cluster", cluster.name)] == [
        OLD, NEW]
    assert cloud.trove().clusters.get(cluster.id).datastore["version"] == OLD
