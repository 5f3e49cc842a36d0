"""Who may not upgrade sees no action, and is refused whatever his browser sends."""
import pytest
from trove_upgrade.interfaces.client import Client

from tests.dashboard.people import QUICK
from tests.shapes import PAIR, SIX, of
from tests.waits import PATIENCE_SEC

XDIST_GROUP = "dashboard"
CLOUD = QUICK
SHAPE = PAIR
NEW = "9.1.2"
POST = """
const [path, fields, done] = arguments;
const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
const body = new URLSearchParams({...fields, csrfmiddlewaretoken: token});
fetch(path, {method: "POST", body, redirect: "manual"}).then(answer => done(answer.status));
"""


def post(dashboard, path, **fields):
    """Send a form that no page offers, with a valid CSRF token; the status of the answer."""
    driver = dashboard.page.driver
    driver.set_script_timeout(PATIENCE_SEC)
    return driver.execute_async_script(POST, path, fields)


@pytest.fixture
def paused(cloud, cluster):
    """An upgrade of demo's that waits after its first wave."""
    client = Client(cloud.session("demo"))
    begun = client.upgrade(cluster.id, NEW, pause_after="first", bake_sec=0)
    assert client.wait(begun).state == "PAUSED"
    yield begun.id
    client.abort(begun)
    client.wait(begun)


def test_reader_sees_no_action_and_a_forged_post_is_refused(cloud, cluster, log_in):
    reader = log_in("reader").clusters()
    row = reader.page.see(reader.row(cluster))
    assert "Upgrade Cluster" not in row.get_attribute("textContent")
    form = f"/project/cluster_upgrades/{cluster.id}/upgrade"
    version = cloud.lab.version_id(NEW)
    status = post(reader, form, datastore_version=version, on_failure="rollback", bake_sec="0",
                  pause_after="none", parallelism="one", finalize="default")
    assert status == 403
    assert Client(cloud.session("demo")).list(cluster.id, plans=True) == []
    reader.page.open(form)
    assert "not authorized" in reader.page.text().lower()
    reader.page.open(f"/project/cluster_upgrades/{cluster.id}/")
    assert "has not been upgraded yet" in reader.page.text()
    assert "Upgrade Cluster" not in reader.page.text("#content_body .container-fluid")


@of(SIX)
def test_administrator_follows_the_upgrade_of_another_project(cloud, cluster, paused, log_in):
    admin = log_in("admin")
    admin.page.open("/project/cluster_upgrades/")
    admin.page.click(f"#upgrades__row__{cluster.id} a", "Paused (")
    admin.page.see("#upgrade-live")
    assert admin.run() == paused
    assert admin.page.text("#upgrade-count").startswith("1 of 6")
    assert [row[5] for row in admin.members().values()] == ["upgraded"] + 5 * ["waiting for its "
                                                                               "turn"]
    assert "whose members alone steer it here" in admin.page.text("#upgrade-project")
    assert len(admin.page.rows("#upgrade-history")) == 1
    assert admin.buttons() == []
    admin.clusters()                         # it has forms, so a token
    assert post(admin, f"/project/cluster_upgrades/{cluster.id}/{paused}/abort") == 403
    listed = Client(cloud.session("admin")).list(limit=None)
    assert paused not in [one.id for one in listed], "what is meant without an id is one's own"

    client = Client(cloud.session("demo"))
    client.resume(paused)
    admin.follow(cluster, paused)
    admin.page.until(lambda: admin.page.text("#upgrade-count").startswith("2 of 6"), "two done")
    client.pause(paused, now=True)
    admin.until_state("Paused")
    marked = admin.page.all("#upgrade-picture g rect.pause")
    assert len(marked) == 2, "where the workflow paused, and at once"
    client.abort(paused)
    client.wait(paused)
    assert len(client.pauses(paused)) == 2, "and afterwards"


def test_reader_may_look_and_not_steer(cloud, cluster, paused, log_in):
    reader = log_in("reader").follow(cluster, paused)
    assert reader.state() == "Paused"
    assert reader.buttons() == []
    base = f"/project/cluster_upgrades/{cluster.id}/{paused}"
    reader.clusters()                        # it has forms, so a token
    for act in ("resume", "abort", "pause", "rollback", "finalize"):
        assert post(reader, f"{base}/{act}") == 403
    assert Client(cloud.session("demo")).show(paused).state == "PAUSED"


def test_other_projects_see_nothing(cloud, cluster, paused, log_in):
    other = log_in("other").clusters()
    assert cluster.name not in other.page.text("#content_body")
    other.page.open(f"/project/cluster_upgrades/{cluster.id}/{paused}/")
    assert f"There is no cluster or instance {cluster.id}" in other.page.see(".alert-danger").text
    assert post(other, f"/project/cluster_upgrades/{cluster.id}/{paused}/abort") != 403
    assert Client(cloud.session("demo")).show(paused).state == "PAUSED"


def test_upgrade_is_not_reached_by_the_name_of_another_cluster(cloud, cluster, paused, demo):
    other = cloud.lab.create_cluster("bystander", shards=1, replicas=0)
    demo.clusters()
    assert post(demo, f"/project/cluster_upgrades/{other.id}/{paused}/abort") != 403
    assert Client(cloud.session("demo")).show(paused).state == "PAUSED"
    demo.page.open(f"/project/cluster_upgrades/{other.id}/{paused}/")
    assert "no such upgrade of this cluster" in demo.page.see(".alert-danger").text
    cloud.trove().clusters.delete(other.id)
