"""Shared builders of plans and options."""
import pytest
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.planning.snapshot import ClusterSnapshot
from trove_upgrade.schemas import read_input

from tests.unit.datastores.redis.model import Cluster

VERSIONS = [{"id": f"id-{number}", "name": number, "number": number}
            for number in ("7.2.4", "8.1.8", "8.1.9", "9.1.2")]


def version(number):
    return next(one for one in VERSIONS if one["number"] == number)


def options(**given):
    return read_input({"cluster_id": "c1", "datastore_version": "9.1.2", **given})


def snapshot(cluster: Cluster, target="9.1.2", task="NONE", **given):
    return ClusterSnapshot(
        cluster={"id": "c1", "name": "orders", "datastore": "redis", "datastore_version": "8.1.8",
                 "task": task},
        members=cluster.members, versions=VERSIONS, target=version(target),
        facts=cluster.driver.read(cluster.members), **{"saved_settings": cluster.saved, **given})


def plan_of(cluster: Cluster, target="9.1.2", snapshot_of=snapshot, **given):
    return make_plan(snapshot_of(cluster, target), cluster.driver, options(**given), "owner-1")


@pytest.fixture
def cluster():
    return Cluster()
