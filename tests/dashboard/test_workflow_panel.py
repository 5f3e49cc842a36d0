"""The stock Workflow panel of mistral-dashboard, as it is: start, read, cancel."""
import time

import pytest
from trove_upgrade.interfaces.client import Client
from trove_upgrade.interfaces.progress import ENDED

from tests.dashboard.people import QUICK
from tests.shapes import PAIR, of
from tests.waits import PATIENCE_SEC, TIMEOUT_SEC

XDIST_GROUP = "dashboard"
CLOUD = QUICK
NEW, OLD = "9.1.2", "8.1.8"
FLOW = "trove_upgrade.cluster"
AWAY_SEC = 1.5 * TIMEOUT_SEC       # time to get through the panel's pages
QUIET_SEC = 6            # longer than a member takes, swap, gate and all


@pytest.fixture
def client(cloud):
    return Client(cloud.session("demo"))


def open_form(demo):
    """Execute, from the row of our workflow."""
    demo.page.open("/mistral/workflows/")
    row = next(one for one in demo.page.all("#workflows tbody tr") if FLOW in one.text.split())
    assert "trove_upgrade, entry" in row.text
    demo.page.click(f"[id='{row.get_attribute('id')}'] a.btn", "Execute")
    demo.page.modal()


def test_execute_form_starts_an_upgrade_that_comes_out_right(cloud, cluster, demo, client):
    open_form(demo)
    assert demo.page.see("#id_bake_sec").get_attribute("value") == '"30"'    # how it prefills
    demo.page.type("#id_cluster_id", cluster.name)
    demo.page.type("#id_datastore_version", NEW)
    demo.page.type("#id_bake_sec", "0")
    demo.page.type("#id_parallelism", "domain")
    demo.picture("execute-form")
    demo.page.click(".modal-footer .btn-primary")
    demo.page.see(".alert-success", "Execution has been created")
    run = demo.page.until(lambda: client.list(cluster.id), "the execution")[0]
    end = client.wait(run, timeout_sec=PATIENCE_SEC)
    assert end.result["status"] == "upgraded", end.message
    assert [len(wave) for wave in end.waves] == [1, 2, 3]
    assert end.plan["options"]["canary"] is True                             # from '"True"'
    assert end.plan["options"]["skip_checks"] == []                          # from '""'

    demo.page.open(f"/mistral/tasks/{run.id}/execution")
    names = demo.page.see("#tasks").text
    for task in ("upgrade", "drop_rights"):
        assert task in names
    demo.follow(cluster, run.id)
    assert demo.state() == "Upgraded"


@of(PAIR)
def test_refused_start_says_why_in_one_sentence(cloud, cluster, demo, client):
    open_form(demo)
    demo.page.type("#id_cluster_id", cluster.name)
    demo.page.type("#id_datastore_version", "7.7")
    demo.page.click(".modal-footer .btn-primary")
    run = demo.page.until(lambda: client.list(cluster.id), "the execution")[0]
    assert client.wait(run).state == "ERROR"
    demo.page.open(f"/mistral/executions/{run.id}/detail")
    said = demo.page.see("#content_body dl").text
    assert "offers no version '7.7'; it offers: 8.1.8, 9.1.2" in " ".join(said.split())
    demo.follow(cluster, run.id)
    assert demo.state() == "Refused, nothing was changed"
    assert "offers no version" in demo.page.text("#upgrade-headline")


def test_cancel_of_the_panel_gives_the_cluster_back_and_touches_nobody_more(
        cloud, cluster, demo, client):
    """It sets ERROR by hand, which leaves Mistral's children running."""
    cloud.lab.faults.member("slow_swap", f"{cluster.name}-member-5", seconds=AWAY_SEC)
    run = client.upgrade(cluster.id, NEW, bake_sec=0)
    demo.page.until(lambda: f"{cluster.name}-member-5" in stops(cloud, cluster), "second one away")
    demo.page.open("/mistral/executions/")
    demo.page.pick(f"[id='executions__row__{run.id}']", "Cancel Execution")
    demo.page.see(".alert-success", "Canceled Execution")            # it asks nothing
    assert client.get(run.id).state == "ERROR"

    trove = cloud.trove("demo")
    demo.page.until(lambda: trove.clusters.get(cluster.id).task["name"] == "NONE", "given back")
    demo.page.until(lambda: not environments(cloud, cluster), "no lock is left")
    demo.page.until(lambda: all_ended(cloud, run.id), "its children ended")
    touched = stops(cloud, cluster)
    time.sleep(QUIET_SEC)               # that nothing happens can't be waited for otherwise
    assert stops(cloud, cluster) == touched
    assert touched == [f"{cluster.name}-member-4", f"{cluster.name}-member-5"]

    demo.follow(cluster, run.id)
    assert demo.state() == "Failed"
    assert "ended from outside" in demo.page.text("#upgrade-next")
    demo.picture("cancelled-in-the-panel")
    demo.page.until(lambda: cloud.lab.is_settled(cluster), "members at rest")
    end = client.wait(client.upgrade(cluster.id, NEW, bake_sec=0, parallelism="domain"))
    assert end.result["status"] == "upgraded", end.message


def stops(cloud, cluster):
    """Members that were made unavailable for the new version."""
    return [one["name"] for one in cloud.lab.journal() if one["event"] == "stopping"
            and one["name"].startswith(f"{cluster.name}-") and one["wanted"] != OLD]


def environments(cloud, cluster):
    """Locks of the cluster, of whatever project."""
    found = cloud.mistral("mistral").environments.list()
    return [one.name for one in found if ".settings." not in one.name and cluster.id in one.name]


def all_ended(cloud, run):
    """Whether no sub-workflow of a run goes on."""
    below = cloud.mistral("demo").executions.list(root_execution_id=run)
    return all(one.state in ENDED for one in below)
