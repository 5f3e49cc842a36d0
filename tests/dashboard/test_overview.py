"""The page of all clusters: what can be upgraded, and how the last time went."""
from trove_upgrade.interfaces.client import Client

from tests.dashboard import axe
from tests.dashboard.people import QUICK
from tests.shapes import PAIR

XDIST_GROUP = "dashboard"
CLOUD = QUICK
SHAPE = PAIR
OVERVIEW, NEW, OLD = "/project/cluster_upgrades/", "9.1.2", "8.1.8"


def cells(person, cluster):
    """Text of a cluster's row, after the box that marks it."""
    person.page.open(OVERVIEW)
    row = person.page.see(f"#upgrades__row__{cluster.id}")
    return [cell.text for cell in row.find_elements("css selector", "td")]


def test_owner_sees_what_is_new_and_how_the_last_upgrade_went(cloud, cluster, demo):
    assert cells(demo, cluster)[:6] == [cluster.name, "cluster", "redis", OLD, NEW, "never"]
    assert "Upgrade" in demo.page.text(f"#upgrades__row__{cluster.id} .actions_column")
    client = Client(cloud.session("demo"))
    upgrade = client.upgrade(cluster.id, NEW, parallelism="domain", canary=False, bake_sec=0)
    client.wait(upgrade)
    shown = cells(demo, cluster)
    assert shown[4] == "no"
    assert shown[5].startswith("Done (")
    demo.picture("overview")
    assert axe.overflowing(demo.page) == dict.fromkeys(axe.WIDTHS, [])
    demo.page.click(f"#upgrades__row__{cluster.id} a", "Done (")
    demo.page.see("#upgrade-live")
    assert demo.run() == upgrade.id

    demo.page.open(OVERVIEW)
    demo.page.type("#upgrades input[name='upgrades__filter__q']", "no such thing")
    demo.page.see("#upgrades", "No items to display")


def test_administrator_sees_all_projects_and_acts_in_none_of_the_others(cluster, log_in):
    admin = log_in("admin")
    name, kind, project, datastore, version, newer, *_ = cells(admin, cluster)
    assert (name, kind, datastore, version, newer) == (cluster.name, "cluster", "redis", OLD, NEW)
    assert project not in ("", "this one")
    assert admin.page.text(f"#upgrades__row__{cluster.id} .actions_column") == "Show Upgrades"
