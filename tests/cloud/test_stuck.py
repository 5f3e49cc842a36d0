"""What Trove leaves busy for ever: an administrator frees it by the command that the refusal names,
and only then. And what Trove itself says of a member that has failed."""
import sqlite3
from contextlib import closing

import pytest

from tests.cloud.runs import SHARED, Runs
from tests.cloud.ways import Person
from tests.waits import until

CLOUD = SHARED
XDIST_GROUP = "cloud 2"
# Of Trove's ClusterTasks and InstanceTasks.
BUILDING, RESIZING = 2, 4
FAULT = "Timeout waiting for the volume to be attached."
OFFER = "an administrator can reset its status, which touches no server: "


def write(cloud, statement, *values):
    """What Trove's taskmanager would have written into its database."""
    with closing(sqlite3.connect(cloud.lab.directory / "trove.sqlite")) as trove, trove:
        trove.execute(statement, values)


@pytest.mark.parametrize(("table", "task", "check"), [
    ("clusters", BUILDING, "cluster_idle"), ("instances", RESIZING, "members_active")])
def test_what_trove_keeps_busy_is_freed_by_the_command_that_the_refusal_names(
        cloud, cluster, tmp_path, table, task, check):
    demo, admin = Runs(cloud), Person(cloud, tmp_path, "admin")
    stuck = cluster.id if table == "clusters" else cloud.lab.members(cluster)[0].id
    write(cloud, f"update {table} set task_id = ? where id = ?", task, stuck)  # noqa: S608

    def remedy():
        plan = demo.end(demo.start(cluster, dry_run=True))[2]["plan"]
        return next((one["remedy"] for one in plan["checks"]
                     if one["name"] == check and not one["ok"]), "")

    _, info, output = demo.end(demo.start(cluster))
    assert output["status"] == "refused", (info, output)
    command = remedy().partition(OFFER)[2].split(": ")[-1]
    assert command in info
    assert stuck in command         # still offered, so nobody has done it
    done = admin.shell(*command.split())
    assert done.returncode == 0, done.stderr
    until(lambda: not remedy(), "freed")


def test_the_report_has_troves_own_words_on_a_member_that_failed(cloud):
    cluster = cloud.lab.create_cluster("faulty", shards=1, replicas=1)
    broken = next(one for one in cloud.lab.members(cluster) if one.name.endswith("-2"))
    write(cloud, "insert into instance_faults (id, instance_id, message, details, deleted, created,"
          " updated) values ('fault-1', ?, ?, 'in its log', 0, '2026-01-31 00:00:00.000000',"
          " '2026-01-31 00:00:00.000000')", broken.id, FAULT)
    cloud.lab.faults.member("does_not_start", broken.name)
    demo = Runs(cloud)
    try:
        _, info, output = demo.end(demo.start(cluster))
    finally:
        cloud.lab.faults.clear()
    assert [one["name"] for one in output["failed"]] == [broken.name], info
    assert f"Trove says of {broken.name}: {FAULT}" in output["notes"]
