"""Where trusts are off: `auth = service`."""
from tests.cloud.runs import NEW, QUICK, SLOW, TOKEN_SEC, Runs, leaks, secrets_of
from tests.shapes import PAIR

XDIST_GROUP = "no trusts"
CLOUD = {"token_sec": TOKEN_SEC, "mistral": {"trove_upgrade": {"auth": "service"}},
         **{**SLOW, "swap_sec": 8}}
BAKE_SEC = 40


def test_the_service_users_own_rights_do_as_well(cloud):
    demo = Runs(cloud)
    cluster = cloud.lab.create_cluster("served", **PAIR)
    run = demo.start(cluster, **{**QUICK, "bake_sec": BAKE_SEC})
    _, info, output = demo.end(run)
    assert output["status"] == "upgraded", info
    demo.assert_no_trust()
    assert demo.version(cluster) == NEW
    assert demo.task(cluster) == "NONE"
    left = demo.notes(cluster, run)
    assert left in ([], [f"trove_upgrade.lock.{cluster.id}"])
    assert leaks(cloud, secrets_of(cloud)) == []
