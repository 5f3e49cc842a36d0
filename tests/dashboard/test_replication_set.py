"""A replication set, upgraded from a row of the Instances table."""
import pytest
from trove_upgrade.interfaces.client import Client
from trove_upgrade.lab.cloud import Cloud

from tests.dashboard.browser import Page
from tests.dashboard.conftest import QUICK
from tests.dashboard.people import Dashboard

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def sets(browser):
    """A cloud whose guests are PostgreSQL servers."""
    with Cloud(dashboard=True, kind="postgresql_replication", password="only-for-tests",
               **QUICK) as running:
        yield running


def test_replication_set_is_upgraded_from_the_row_of_a_replica(sets, browser):
    new = sets.lab.settings.new
    made = sets.lab.create_replication_set("orders", replicas=1)
    members = {one.name: one for one in sets.lab.members(made)}
    replica = next(one for name, one in members.items() if name != "orders")
    demo = Dashboard(Page(browser, sets.horizon.url))
    demo.page.log_in("demo", sets.password("demo"))

    demo.page.open("/project/databases/")
    demo.page.pick(f"[id='databases__row__{replica.id}']", "Upgrade Replication Set")
    demo.page.modal()
    assert demo.page.text(".modal-title") == "Upgrade replication set orders"
    demo.choose(datastore_version=new, bake_sec=0).plan()
    rows = demo.page.rows("#upgrade-plan")
    assert [row[2] for row in rows[:2]] == ["replica", "primary"]
    with sets.lab.load(made, threads=1, rate=25, preload=100) as load:
        demo.start()
        demo.until_state("Upgraded")
        ledger = load.stop()
    assert ledger["lost"] == 0, ledger
    assert {one.version for one in sets.lab.members(made)} == {new}
    assert {row[4] for row in demo.members().values()} == {new}
    run = demo.run()
    assert Client(sets.session("demo")).get(run).kind == "upgrade"

    demo.page.open("/project/databases/")
    demo.page.pick(f"[id='databases__row__{replica.id}']", "Show Upgrades")
    demo.page.see("#upgrade-live")
    assert demo.run() == run
