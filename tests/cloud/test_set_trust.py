"""A replication set's upgrade outlives the token that it was started with, by a Keystone trust."""
import pytest
from trove_upgrade.lab.cloud import Cloud

from tests.cloud.runs import Runs, until

TOKEN_SEC = 60
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def brief():
    """A cloud with PostgreSQL, whose tokens live a minute."""
    with Cloud(token_sec=TOKEN_SEC, kind="postgresql_replication", swap_sec=0.2, heartbeat_sec=1,
               stop_timeout_sec=2) as running:
        yield running


def promotions(cloud):
    """When the pack asked Trove to move the source's role, unix times."""
    return [one["t"] for one in cloud.lab.api_calls()
            if one["method"] == "POST" and one["path"].endswith("/action")]


def test_the_source_moves_after_the_token_of_the_start_has_ended(brief):
    lab, demo = brief.lab, Runs(brief)
    shop = lab.create_replication_set("shop", replicas=1)
    lab.faults.member("slow_swap", "shop-replica", version=lab.settings.new, seconds=TOKEN_SEC - 15)
    session = brief.session("demo")
    session.invalidate()                 # so that the token of the start is a new one
    with lab.load(shop, threads=1, rate=20, preload=100) as load:
        run = brief.mistral("demo").executions.create(
            "trove_upgrade.replication_set", workflow_input={
                "instance_id": shop.id, "datastore_version": lab.settings.new, "bake_sec": 0}).id
        token_ends = session.auth.get_access(session).expires.timestamp()
        until(demo.trusts, "a trust to Mistral's own user", 60)
        state, info, output = demo.end(run, 500)
        report = load.stop()
    assert (state, output["status"]) == ("SUCCESS", "upgraded"), info
    assert demo.versions(shop) == {lab.settings.new}
    (promoted,) = promotions(brief)
    assert promoted > token_ends
    assert (report["lost"], report["failed"]) == (0, 0), report
    until(lambda: not demo.notes(shop, run), "lock and rights given back", 30)
    demo.assert_no_trust()
