"""The Python API on a real Trove, real servers and a real Mistral."""
import pytest
from trove_upgrade.interfaces.client import (
    Client,
    ClusterNotFound,
    Refused,
    TookTooLong,
    UnderUpgrade,
    UpgradeNotFound,
)

from tests.end_to_end.site import NEW, OLD
from tests.shapes import PAIR, SIX, of
from tests.waits import PATIENCE_SEC

LAB: dict = {}
XDIST_GROUP = "lab clients"
SHAPE = PAIR


@pytest.fixture
def client(site):
    """Given clients: there is no Keystone here."""
    return Client(mistral=site.mistral, trove=site.lab.client())


def versions(site, cluster):
    return {member.version for member in site.lab.members(cluster)}


def test_upgrade_pause_resume_and_rollback_by_name_object_and_id(site, cluster, client):
    plan = client.plan(cluster.name, NEW)
    assert plan["ready"]
    assert [len(wave) for wave in plan["waves"]] == [1] * 2

    target = next(one for one in site.lab.client().datastore_versions.list("redis")
                  if one.name == NEW)
    upgrade = client.upgrade(site.lab.client().clusters.get(cluster.id), target, bake_sec=0,
                             finalize="manual", pause_after="first")
    assert (upgrade.kind, upgrade.cluster, upgrade.state) == ("upgrade", cluster.id, "RUNNING")
    assert upgrade.datastore_version == target.id
    paused = client.wait(upgrade, timeout_sec=PATIENCE_SEC)
    assert (paused.state, sum(one.state == "upgraded" for one in paused.members)) == ("PAUSED", 1)

    for start in (lambda: client.upgrade(cluster.name, NEW), lambda: client.rollback(cluster.id),
                  lambda: client.rollback(upgrade), lambda: client.finalize(cluster)):
        with pytest.raises(UnderUpgrade, match=f"^Execution {upgrade.id} upgrades this cluster"):
            start()

    assert client.resume(cluster.name).execution_id == upgrade.id
    seen = []
    end = client.wait(upgrade.id, on_progress=seen.append)
    assert end.result["status"] == "upgraded", end.message
    assert len(seen) > 1
    assert versions(site, cluster) == {NEW}

    back = client.rollback(cluster.name, bake_sec=0)
    assert back.datastore_version == OLD
    assert client.wait(back).result["status"] == "upgraded"
    assert versions(site, cluster) == {OLD}
    with pytest.raises(Refused, match=f"on {OLD} already; there is nothing to roll back"):
        client.rollback(cluster)
    assert [one.id for one in client.list(cluster)] == [back.id, upgrade.id]
    assert [one.id for one in client.list(cluster.name, limit=1)] == [back.id]
    assert {one.kind for one in client.list(cluster, plans=True)} == {"upgrade", "plan"}


def test_half_upgraded_cluster_is_taken_back(site, cluster, client):
    site.break_member(cluster, "does_not_start", 1)          # the second one that goes
    upgrade = client.upgrade(cluster, NEW, bake_sec=0, on_failure="stop")
    stopped = client.wait(upgrade)
    assert stopped.result["status"] == "stopped"
    assert versions(site, cluster) == {OLD, NEW}
    site.mend(cluster)
    end = client.wait(client.rollback(upgrade, bake_sec=0))
    assert end.result["status"] == "upgraded", end.message
    assert versions(site, cluster) == {OLD}


def test_finalised_cluster_has_no_rollback_path(site, cluster, client):
    end = client.wait(client.upgrade(cluster, NEW, bake_sec=0))
    assert end.result["status"] == "upgraded"
    assert client.wait(client.finalize(cluster)).state == "SUCCESS"     # twice does no harm
    closed = r"can't go back to 8\.1\.8: \[rollback_path_open\]"
    with pytest.raises(Refused, match=closed) as refused:
        client.rollback(cluster)
    assert not refused.value.plan["ready"]
    assert versions(site, cluster) == {NEW}


@of(SIX)               # so that it is not over before it is aborted
def test_abort_undoes_it_and_leaves_nothing_to_roll_back(site, cluster, client):
    upgrade = client.upgrade(cluster, NEW, bake_sec=0)
    next(look for look in client.watch(upgrade)
         if any(one.state == "upgraded" for one in look.members))
    client.abort(cluster)
    assert client.wait(upgrade).result["status"] == "aborted"
    assert versions(site, cluster) == {OLD}
    with pytest.raises(UpgradeNotFound, match="no upgrade of cluster c.* that could be undone"):
        client.rollback(cluster)
    with pytest.raises(Refused, match="nothing to roll back"):
        client.rollback(cluster, OLD)


def test_what_does_not_exist(cluster, client):
    with pytest.raises(ClusterNotFound, match="There is no cluster 'nope'"):
        client.upgrade("nope", NEW)
    with pytest.raises(Refused, match="no version '7.7'"):
        client.plan(cluster, "7.7")
    with pytest.raises(UpgradeNotFound, match="There is no upgrade of cluster"):
        client.show(cluster)
    with pytest.raises(ClusterNotFound):
        client.show("6f6a2a1c-3f0e-4d6b-9f5e-2b8e8a4d5c11")


def test_waiting_has_an_end(cluster, client):
    upgrade = client.upgrade(cluster, NEW, bake_sec=600)
    with pytest.raises(TookTooLong, match="has not ended in 1 s; it is .*, and goes on"):
        client.wait(upgrade, timeout_sec=1)
    client.abort(upgrade)
    assert client.wait(upgrade).ended
