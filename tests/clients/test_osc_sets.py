"""`openstack database cluster upgrade ... --replication-set` on real servers: PostgreSQL."""
import json

import pytest

from tests.clients.test_osc import UPGRADE, run, versions
from tests.waits import TIMEOUT_SEC

XDIST_GROUP = "postgresql"
LAB = {"kind": "postgresql_replication", "heartbeat_sec": 1}
SET = "--replication-set"
QUICK = (SET, "--bake-sec", "0", "--backup", "skip")


@pytest.fixture
def orders(site):
    """A source and one replica."""
    with site.cluster(replicas=1) as made:
        yield made


@pytest.fixture
def upgrade(site, tmp_path):
    """`openstack database cluster upgrade ...`: its exit code, what it printed, its stderr."""
    env = {**site.lab.env(), "OS_WORKFLOW_ENDPOINT_OVERRIDE": site.engine.client_url}

    def ask(*arguments):
        done = run(*UPGRADE, *arguments, "-f", "json", env=env, directory=tmp_path)
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr
    return ask


def replica(site, orders):
    return next(one for one in site.shown(orders) if one["id"] != orders.id)


def test_plan_start_watch_and_rollback(site, orders, upgrade):
    code, plan, _ = upgrade("plan", orders.name, site.new, SET)
    assert (code, plan["ready"], plan["cluster"]) == (0, True, orders.name)
    names = [[one["name"] for one in wave] for wave in plan["order"]]
    assert names == [[f"{orders.name}-replica"], [orders.name]]
    assert versions(site, orders) == {site.old}

    code, begun, told = upgrade("start", replica(site, orders)["id"], site.new, *QUICK)
    assert (code, begun["kind"]) == (0, "upgrade"), told
    code, end, told = upgrade("watch", begun["id"])
    assert (code, end["status"], end["upgraded"]) == (0, "upgraded", "2/2"), told
    assert versions(site, orders) == {site.new}

    code, back, told = upgrade("rollback", begun["id"], "--bake-sec", "0", "--backup", "skip",
                               "--wait")
    assert (code, back["status"], back["to_version"]) == (0, "upgraded", site.old), told
    assert versions(site, orders) == {site.old}


def test_pause_resume_abort_with_exit_codes(site, orders, upgrade):
    # So that commands come in time.
    site.break_member(orders, "slow_swap", "*", seconds=TIMEOUT_SEC)
    _, begun, _ = upgrade("start", orders.name, site.new, *QUICK)
    code, paused, told = upgrade("pause", orders.id, "--wait")
    assert (code, paused["state"], paused["upgraded"]) == (6, "PAUSED", "1/2"), told
    for one in (orders.name, orders.id, replica(site, orders)["id"]):
        code, _, told = upgrade("start", one, site.new, *QUICK)
        assert code == 3, (one, told)
        assert f"Execution {begun['id']} upgrades" in told
    code, resumed, told = upgrade("resume", orders.name)
    assert (code, resumed["state"]) == (0, "RUNNING"), told
    code, aborted, told = upgrade("abort", begun["id"], "--wait")
    assert (code, aborted["status"]) == (7, "aborted"), told
    assert versions(site, orders) == {site.old}
