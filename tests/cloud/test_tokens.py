"""An upgrade outlives its token, keeps no secret, and ends when its rights are made unavailable."""
import time
from concurrent.futures import ThreadPoolExecutor

from tests.cloud.runs import NEW, SLOW, TOKEN_SEC, Runs, leaks, secrets_of
from tests.shapes import PAIR
from tests.waits import until

BAKE_SEC = 40
REST = {"trove_upgrade_api": {"workflow_inputs": f"bake_sec:{BAKE_SEC},parallelism:one"}}
XDIST_GROUP = "tokens"
CLOUD = {"token_sec": TOKEN_SEC, "trove": REST, **SLOW}
INPUTS = {"datastore_version": NEW, "bake_sec": BAKE_SEC}


def by_cron(demo, cluster):
    """A cron trigger that fires once; the execution's id."""
    name = f"once-{cluster.name}"
    demo.mistral.cron_triggers.create(
        name, "trove_upgrade.cluster", workflow_input={**INPUTS, "cluster_id": cluster.id},
        pattern="* * * * *", count=1)
    found = until(lambda: [one.id for one in demo.mistral.executions.list(
        workflow_name="trove_upgrade.cluster") if "cron" in (one.description or "")],
        "the cron trigger fires")
    return found[0]


def test_upgrades_outlive_their_tokens_from_each_way_in(cloud):
    demo = Runs(cloud)
    clusters = [cloud.lab.create_cluster(f"long{number}", **PAIR) for number in range(3)]
    loads = [cloud.lab.load(one, threads=1, rate=20, preload=100).start() for one in clusters]
    begin = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        runs = [one.result() for one in (
            pool.submit(demo.asked, clusters[0]),
            pool.submit(lambda: demo.start(clusters[1], **INPUTS, parallelism="one", canary=True)),
            pool.submit(by_cron, demo, clusters[2]))]
    ends = [demo.end(run) for run in runs]
    assert [output["status"] for _, _, output in ends] == ["upgraded"] * 3, ends
    assert time.monotonic() - begin > 2 * TOKEN_SEC
    reports = [load.stop() for load in loads]
    assert [one["lost"] for one in reports] == [0, 0, 0], reports
    for run, cluster in zip(runs, clusters, strict=True):
        demo.assert_given_back(cluster, run)
        assert demo.versions(cluster) == {NEW}
        assert demo.version(cluster) == NEW
    demo.assert_no_trust()
    assert leaks(cloud, secrets_of(cloud)) == []


def test_revoked_role_stops_the_run_at_the_next_gate(cloud):
    demo, identity = Runs(cloud), cloud.keystone.identity()
    cluster = cloud.lab.create_cluster("revoked", **PAIR)
    run = demo.start(cluster, bake_sec=0, parallelism="one", canary=True)
    demo.until_event(cluster, "stopping")
    user, project = identity.find_user("demo"), identity.find_project("demo")
    role = identity.find_role("member")
    identity.unassign_project_role_from_user(project, user, role)
    watch = Runs(cloud, "mistral")
    try:
        state, info, output = watch.end(run)
        assert state == "ERROR"
        assert "rights of this run are not there any more" in info
        assert [one["code"] for one in output["errors"]].count("rights_revoked") >= 1
        assert [one["name"] for one in output["upgraded"]] == ["revoked-member-2"], output
        assert len(output["todo"]) == 1
        assert output["failed"] == output["rolled_back"] == []
        assert any("Trove could not be asked" in note for note in output["notes"])
        assert len(demo.events(cluster, "stopping")) == 1
        task = cloud.trove("admin").clusters.get(cluster.id).task["name"]
        assert task == "NONE"
        demo.assert_no_trust()
        left = demo.notes(cluster, run)
        assert left in ([], [f"trove_upgrade.lock.{cluster.id}"])
    finally:
        identity.assign_project_role_to_user(project, user, role)
    until(lambda: cloud.lab.is_settled(cluster), "Trove sees that the member is back")
    second = demo.start(cluster)
    assert demo.end(second)[2]["status"] == "upgraded"
    demo.assert_given_back(cluster, second)
