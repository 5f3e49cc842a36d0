"""Upgrades started, watched and steered in the browser, on real servers under load."""
import pytest
from selenium.webdriver.common.keys import Keys
from trove_upgrade.interfaces.client import Client

from tests.dashboard import axe
from tests.dashboard.people import QUICK
from tests.shapes import PAIR, of
from tests.waits import PATIENCE_SEC

XDIST_GROUP = "dashboard"
CLOUD = QUICK
NEW, OLD = "9.1.2", "8.1.8"


@pytest.fixture
def client(cloud):
    return Client(cloud.session("demo"))


def versions(cloud, cluster):
    """What the members' own servers say."""
    return {member.version for member in cloud.lab.members(cluster)}


def assert_for_all_eyes(demo):
    """Nothing that Axe calls serious, and nothing that sticks out of a small window."""
    assert axe.findings(demo.page) == []
    assert axe.overflowing(demo.page) == dict.fromkeys(axe.WIDTHS, [])


def test_member_reads_the_plan_starts_it_and_nothing_is_lost(cloud, cluster, demo, client):
    demo.clusters().picture("clusters")
    demo.upgrade_form(cluster)
    assert "8.1.8: every member is on it already" in demo.page.text(".upgrade-unreachable")
    demo.picture("form")
    demo.choose(datastore_version=NEW, bake_sec=3).plan().picture("plan")
    rows = demo.page.rows("#upgrade-plan")
    assert [row[0] for row in rows[:6]] == ["1", "2", "3", "4", "5", "6"]
    assert [row[2] for row in rows[:6]] == ["replica"] * 3 + ["primary"] * 3
    demo.page.click("#upgrade-plan summary", "checks, all say yes")
    checks = demo.page.rows("#upgrade-plan .upgrade-checks")
    assert demo.page.text("#upgrade-plan summary") == f"{len(checks)} checks, all say yes"
    assert {row[0] for row in checks} == {"yes"}
    assert "An upgraded member goes back on its own data." in demo.page.text("#upgrade-plan")
    assert_for_all_eyes(demo)
    assert client.list(cluster.id) == []                    # nothing but plans so far
    assert versions(cloud, cluster) == {OLD}

    with cloud.lab.load(cluster, threads=2, rate=25, preload=200) as load:
        run = demo.start()
        demo.page.driver.execute_script("window.stillTheSamePage = true")
        demo.page.until(lambda: demo.page.text("#upgrade-count").startswith("2 of 6"), "two done")
        assert demo.buttons() == ["Pause", "Abort"]
        demo.picture("running")
        demo.until_state("Upgraded")
        ledger = load.stop()
    assert ledger["lost"] == 0, ledger
    assert ledger["acknowledged"] > 200
    assert demo.page.driver.execute_script("return window.stillTheSamePage")
    assert demo.page.text("#upgrade-count") == "6 of 6 members are on 9.1.2. No member is lost."
    assert demo.page.text("#upgrade-headline") == (
        f"Cluster {cluster.name} is on 9.1.2: 6 members upgraded.")
    assert {row[4] for row in demo.members().values()} == {NEW}
    assert {row[5] for row in demo.members().values()} == {"upgraded"}
    assert {one.text.splitlines()[-1] for one in demo.page.all(".upgrade-steps li")} == {"done"}
    assert demo.buttons() == []
    demo.picture("upgraded")
    assert_for_all_eyes(demo)
    assert versions(cloud, cluster) == {NEW}
    assert client.get(run).state == "SUCCESS"
    assert demo.page.complaints() == []


def test_failing_member_is_shown_with_reason_undo_and_next_step(cloud, cluster, demo):
    cloud.lab.faults.member("does_not_start", f"{cluster.name}-member-5", version=NEW, sticky=True)
    demo.upgrade_form(cluster).choose(bake_sec=0).plan().start()
    demo.until_state("Failed and undone")
    assert "failed and was undone" in demo.page.text("#upgrade-headline")
    assert f"{cluster.name}-member-5" in demo.page.text("#upgrade-errors")
    assert "Find out why the member failed" in demo.page.text("#upgrade-next")
    assert "Not touched" in demo.page.text("#upgrade-report")
    assert demo.buttons() == ["Start Again"]
    assert demo.page.all("#upgrade-picture rect.undo")
    assert demo.page.all("#upgrade-picture rect.failed")
    assert {row[4] for row in demo.members().values()} == {OLD}
    demo.picture("failed")
    assert_for_all_eyes(demo)
    assert versions(cloud, cluster) == {OLD}

    cloud.lab.faults.clear()
    demo.page.click("#upgrade-again")
    demo.page.modal()
    demo.more_options().choose(bake_sec=0, parallelism="one of each shard or rack").plan().start()
    demo.until_state("Upgraded")
    assert len(demo.page.rows("#upgrade-history")) == 2


def test_pause_resume_and_abort_with_the_keyboard_alone(cloud, cluster, demo):
    page = demo.page
    demo.upgrade_form(cluster)
    assert page.driver.switch_to.active_element.get_attribute("id") == "id_datastore_version"
    tab_to(page, "summary")
    press(page, Keys.ENTER)
    tab_to(page, "#id_pause_after")
    press(page, "after the first wave")
    tab_to(page, ".modal-footer .btn-primary")
    press(page, Keys.ENTER)
    page.see("#upgrade-plan")
    page.modal()
    assert page.see("#id_pause_after").get_attribute("value") == "first"
    demo.choose(bake_sec=0)
    demo.submit("Start the upgrade")                         # but something was changed
    page.see("#upgrade-plan", "You changed something, so this is a new plan.")
    demo.start()
    demo.until_state("Paused")
    assert page.text("#upgrade-count").startswith("1 of 6")
    assert demo.buttons() == ["Resume", "Abort"]
    assert len(page.all("#upgrade-picture rect.pause")) == 2, "the pause and its legend"
    demo.picture("paused")
    assert_for_all_eyes(demo)

    tab_to(page, "#upgrade-resume")
    press(page, Keys.ENTER)
    page.modal()
    tab_to(page, ".modal-footer .btn-primary")
    press(page, Keys.ENTER)
    page.until(lambda: page.text("#upgrade-count").startswith("2 of 6"), "going on")
    tab_to(page, "#upgrade-pause")
    focus = page.driver.switch_to.active_element
    page.until(lambda: page.driver.switch_to.active_element != focus, "the page refreshed")
    assert page.driver.switch_to.active_element.get_attribute("id") == "upgrade-pause"
    demo.press("pause").until_state("Paused")
    demo.press("abort").until_state("Aborted")
    assert demo.buttons() == ["Start Again"]
    assert versions(cloud, cluster) == {OLD}


def press(page, keys):
    page.driver.switch_to.active_element.send_keys(keys)


def tab_to(page, css, limit=60):
    """Press Tab until the focus is there."""
    for _ in range(limit):
        if page.driver.execute_script(
                "return document.activeElement.matches(arguments[0])", css):
            return
        press(page, Keys.TAB)
    raise AssertionError(f"{css} can't be reached by the keyboard")


@of(PAIR)
def test_rollback_path_is_gone_and_closed_from_the_page(cloud, cluster, demo, client):
    quick = {"bake_sec": 0, "parallelism": "domain", "canary": False, "finalize": "manual"}
    run = client.upgrade(cluster.id, NEW, **quick).id
    demo.follow(cluster, run).until_state("Upgraded")
    assert demo.buttons() == ["Finalise", "Roll Back"]
    demo.press("rollback")
    assert demo.run() != run
    demo.until_state("Upgraded")
    assert versions(cloud, cluster) == {OLD}
    assert demo.buttons() == []

    run = client.upgrade(cluster.id, NEW, **quick).id
    demo.follow(cluster, run).until_state("Upgraded").press("finalize").until_state("Done")
    demo.follow(cluster, run)
    assert demo.buttons() == []
    kinds = [row[1] for row in demo.page.rows("#upgrade-history")]
    assert kinds == ["Finalise", "Upgrade", "Upgrade", "Upgrade"]


@of(PAIR)
def test_somebody_else_was_faster(cluster, demo, client):
    demo.upgrade_form(cluster).plan()
    other = client.upgrade(cluster.id, NEW, pause_after="first", bake_sec=0)
    assert client.wait(other).state == "PAUSED"
    demo.submit("Start the upgrade")
    demo.page.see("#upgrade-live")
    assert demo.run() == other.id
    assert "already" in demo.page.text(".alert-danger")
    demo.clusters()
    assert "Upgrade Cluster" not in demo.page.text(demo.row(cluster))
    demo.page.click(f"{demo.row(cluster)} a", "Show Upgrades")      # the first action now
    demo.page.see("#upgrade-live")
    assert demo.run() == other.id
    client.abort(other)
    client.wait(other)


def test_page_survives_a_mistral_that_goes_away(cloud, cluster, demo, client):
    run = client.upgrade(cluster.id, NEW, bake_sec=0, parallelism="domain").id
    demo.follow(cluster, run)
    demo.page.until(lambda: demo.page.text("#upgrade-count").startswith("1 of 6"), "one done")
    cloud.engine.kill()
    demo.page.see("#upgrade-trouble", "what you see may be old")
    assert demo.state() == "Running"
    cloud.engine.start(PATIENCE_SEC)
    demo.page.until(lambda: not demo.page.all("#upgrade-trouble"), "it answers again")
    demo.until_state("Upgraded")
    assert versions(cloud, cluster) == {NEW}
