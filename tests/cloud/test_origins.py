"""What a failed member goes back to, where Trove's list of versions does not tell it by a name."""
import sqlite3
import uuid
from contextlib import closing, contextmanager

import pytest

from tests.cloud.runs import FAR, NEW, OLD, QUICK, Runs

XDIST_GROUP = "scope"
CLOUD = FAR


@pytest.fixture
def versions(cloud):
    """Trove's management of the datastore's versions."""
    return cloud.trove("admin").mgmt_ds_versions


@pytest.fixture
def ends(cloud):
    """ends(cluster, version, *touched): a run to it goes back when the last of the touched members
    does not start; the others stay as they are. The versions that Trove then shows."""
    def run(cluster, version, *touched):
        names = [f"{cluster.name}-member-{number}" for number in touched]
        cloud.lab.faults.member("does_not_start", names[-1], version=NEW)
        demo = Runs(cloud)
        _, info, output = demo.end(demo.start(cluster, **QUICK | {"datastore_version": version}))
        assert output["status"] == "rolled_back", info
        assert sorted(one["name"] for one in output["rolled_back"]) == sorted(names)
        assert demo.versions(cluster) == {OLD}
        return {cloud.trove().instances.get(one.id).datastore["version"]
                for one in cloud.lab.members(cluster)}
    yield run
    cloud.lab.faults.clear()


def test_a_version_that_was_deactivated_is_still_gone_back_to(cloud, versions, ends):
    cluster = cloud.lab.create_cluster("retired", shards=1, replicas=1)
    old = cloud.lab.version_id(OLD)
    versions.edit(old, active="false")
    try:
        assert ends(cluster, NEW, 2, 1) == {OLD}
    finally:
        versions.edit(old, active="true")


def test_of_two_versions_of_one_name_the_number_tells(cloud, versions, ends):
    """As Trove's manual sets them up: the name stays, and version_number says which."""
    ids = {number: cloud.lab.version_id(number) for number in (OLD, NEW)}
    cluster = cloud.lab.create_cluster("namesakes", shards=1, replicas=2)
    try:
        for one in ids.values():
            versions.edit(one, name="lts")
        assert ends(cluster, ids[NEW], 2, 3) == {"lts"}
        assert origin_of_a_silent_member(cloud, cluster, ids) == ids[OLD]
        assert todo_after_a_slip_of_troves(cloud, cluster, ids)
    finally:
        for number, one in ids.items():
            versions.edit(one, name=number)


def origin_of_a_silent_member(cloud, cluster, ids):
    """By Trove's number alone, where a third version bears the name."""
    silent, demo = cloud.lab.members(cluster)[1], Runs(cloud)
    cloud.lab.faults.clear()
    cloud.lab.faults.member("no_port", silent.name)
    with namesake(cloud, ids[OLD], active=1):
        _, info, output = demo.end(demo.start(cluster, datastore_version=ids[NEW], dry_run=True))
    cloud.lab.faults.clear()
    assert output, info
    return next(one["origin"]["id"] for one in output["plan"]["members"] if one["id"] == silent.id)


def todo_after_a_slip_of_troves(cloud, cluster, ids):
    """Whether a member that runs the old version is still to be brought to it, and no other is,
    when Trove has recorded the new one, which bears the same name."""
    slipped, demo = cloud.lab.members(cluster)[0].id, Runs(cloud)
    with closing(sqlite3.connect(cloud.lab.directory / "trove.sqlite")) as trove, trove:
        trove.execute("update instances set datastore_version_id = ? where id = ?",
                      (ids[NEW], slipped))
    _, info, output = demo.end(demo.start(cluster, datastore_version=ids[OLD], dry_run=True))
    assert output, info
    return output["plan"]["waves"] == [[slipped]]


@contextmanager
def namesake(cloud, other, active=0):
    """Id of a version, inactive by default, that bears the name of another one and another number;
    written into Trove's database, because its API would ask Glance for the image, which no lab
    has."""
    made = str(uuid.uuid4())
    with closing(sqlite3.connect(cloud.lab.directory / "trove.sqlite")) as trove, trove:
        same = ", ".join({row[1] for row in trove.execute("pragma table_info(datastore_versions)")}
                         - {"id", "version", "active"})
        trove.execute(f"insert into datastore_versions (id, version, active, {same}) "  # noqa: S608
                      f"select ?, '8.1.7', ?, {same} from datastore_versions where id = ?",
                      (made, active, other))
    yield made
    with closing(sqlite3.connect(cloud.lab.directory / "trove.sqlite")) as trove, trove:
        trove.execute("delete from datastore_versions where id = ?", (made,))


def test_of_two_inactive_versions_of_one_name_none_is_taken(cloud, versions):
    """Trove shows neither by its name; the number is not told of an inactive one's namesake."""
    cluster = cloud.lab.create_cluster("strangers", shards=1, replicas=1)
    old, demo = cloud.lab.version_id(OLD), Runs(cloud)
    with namesake(cloud, old) as twin:
        versions.edit(old, active="false")
        try:
            for wanted, words in ((NEW, "Trove has no version, or several that can't be told"),
                                  (twin, "is not offered (inactive)"),
                                  (OLD, "offers no version '8.1.8'")):
                _, info, output = demo.end(demo.start(cluster, datastore_version=wanted))
                assert output["status"] == "refused"
                assert words in info
            assert demo.versions(cluster) == {OLD}
        finally:
            versions.edit(old, active="true")
