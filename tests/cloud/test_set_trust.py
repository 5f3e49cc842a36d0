"""A replication set's upgrade outlives the token that it was started with, by a Keystone trust."""
from tests.cloud.runs import TOKEN_SEC, Runs
from tests.waits import until

XDIST_GROUP = "set trust"
# PostgreSQL, and tokens that live a minute.
CLOUD = {"token_sec": TOKEN_SEC, "kind": "postgresql_replication", "swap_sec": 0.2,
         "heartbeat_sec": 1, "stop_timeout_sec": 2}


def promotions(cloud):
    """When the pack asked Trove to move the source's role, unix times."""
    return [one["t"] for one in cloud.lab.api_calls()
            if one["method"] == "POST" and one["path"].endswith("/action")]


def test_the_source_moves_after_the_token_of_the_start_has_ended(cloud):
    lab, demo = cloud.lab, Runs(cloud)
    shop = lab.create_replication_set("shop", replicas=1)
    lab.faults.member("slow_swap", "shop-replica", version=lab.settings.new, seconds=TOKEN_SEC - 15)
    session = cloud.session("demo")
    session.invalidate()                 # so that the token of the start is a new one
    with lab.load(shop, threads=1, rate=20, preload=100) as load:
        run = cloud.mistral("demo").executions.create(
            "trove_upgrade.replication_set", workflow_input={
                "instance_id": shop.id, "datastore_version": lab.settings.new, "bake_sec": 0}).id
        token_ends = session.auth.get_access(session).expires.timestamp()
        until(demo.trusts, "a trust to Mistral's own user")
        state, info, output = demo.end(run)
        report = load.stop()
    assert (state, output["status"]) == ("SUCCESS", "upgraded"), info
    assert demo.versions(shop) == {lab.settings.new}
    (promoted,) = promotions(cloud)
    assert promoted > token_ends
    assert (report["lost"], report["failed"]) == (0, 0), report
    until(lambda: not demo.notes(shop, run), "lock and rights given back")
    demo.assert_no_trust()
