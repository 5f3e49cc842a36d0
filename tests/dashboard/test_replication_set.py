"""A replication set, upgraded from a row of the Instances table."""
from trove_upgrade.interfaces.client import Client

from tests.dashboard.browser import Page
from tests.dashboard.people import QUICK, Dashboard

XDIST_GROUP = "dashboard set"
# Its guests are PostgreSQL servers.
CLOUD = {**QUICK, "kind": "postgresql_replication", "password": "only-for-tests"}


def test_replication_set_is_upgraded_from_the_row_of_a_replica(cloud, browser):
    new = cloud.lab.settings.new
    made = cloud.lab.create_replication_set("orders", replicas=1)
    members = {one.name: one for one in cloud.lab.members(made)}
    replica = next(one for name, one in members.items() if name != "orders")
    demo = Dashboard(Page(browser, cloud.horizon.url))
    demo.page.log_in("demo", cloud.password("demo"))

    demo.page.open("/project/databases/")
    demo.page.pick(f"[id='databases__row__{replica.id}']", "Upgrade Replication Set")
    demo.page.modal()
    assert demo.page.text(".modal-title") == "Upgrade replication set orders"
    demo.choose(datastore_version=new, bake_sec=0).plan()
    rows = demo.page.rows("#upgrade-plan")
    assert [row[2] for row in rows[:2]] == ["replica", "primary"]
    with cloud.lab.load(made, threads=1, rate=25, preload=100) as load:
        demo.start()
        demo.until_state("Upgraded")
        ledger = load.stop()
    assert ledger["lost"] == 0, ledger
    assert {one.version for one in cloud.lab.members(made)} == {new}
    assert {row[4] for row in demo.members().values()} == {new}
    run = demo.run()
    assert Client(cloud.session("demo")).get(run).kind == "upgrade"

    demo.page.open("/project/databases/")
    demo.page.pick(f"[id='databases__row__{replica.id}']", "Show Upgrades")
    demo.page.see("#upgrade-live")
    assert demo.run() == run
