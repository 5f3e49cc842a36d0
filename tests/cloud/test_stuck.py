"""What Trove leaves busy for ever: an administrator frees it by the command that the refusal names,
and only then."""
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
OFFER = "an administrator can reset its status, which touches no server: "


@pytest.mark.parametrize(("table", "task", "check"), [
    ("clusters", BUILDING, "cluster_idle"), ("instances", RESIZING, "members_active")])
def test_what_trove_keeps_busy_is_freed_by_the_command_that_the_refusal_names(
        cloud, cluster, tmp_path, table, task, check):
    demo, admin = Runs(cloud), Person(cloud, tmp_path, "admin")
    stuck = cluster.id if table == "clusters" else cloud.lab.members(cluster)[0].id
    with closing(sqlite3.connect(cloud.lab.directory / "trove.sqlite")) as trove, trove:
        trove.execute(f"update {table} set task_id = ? where id = ?",  # noqa: S608
                      (task, stuck))

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
