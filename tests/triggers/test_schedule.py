"""Cron triggers in the embedded engine, without Keystone: on time, twice, too late."""
import contextlib
import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta

from tests.end_to_end.firing import fired, mistral
from tests.end_to_end.invariants import assert_invariants
from tests.end_to_end.site import NEW, QUICK, Run

LAB: dict = {}
XDIST_GROUP = "lab killed"         # an engine that is stopped is nobody else's
EVERY_2_SEC = "* * * * * */2"        # Mistral takes a sixth field, of seconds


def schedule(site, cluster, *options, **more):
    """Make a trigger for an upgrade of the cluster."""
    inputs = {**QUICK, "cluster_id": cluster.id, "parallelism": "domain", "canary": False,
              **more}
    made = mistral({"OS_MISTRAL_URL": site.engine.client_url}, "cron-trigger-create",
                   f"upgrade-{cluster.name}", "trove_upgrade.cluster", json.dumps(inputs), *options)
    assert made["Name"] == f"upgrade-{cluster.name}"


def until_fired(site, run, times=1):
    return run.until(lambda: len(found := fired(site.mistral, run.cluster)) >= times and found,
                     f"fired {times} times")


def test_a_doubled_firing_upgrades_once_under_load(site, cluster):
    run = Run(site, cluster, "", site.lab.members(cluster), time.time())
    with site.load(cluster) as load:
        schedule(site, cluster, "--pattern", EVERY_2_SEC, "--count", "3")
        first, *others = until_fired(site, run, times=3)
        run.id = first
        assert run.end().result["status"] == "upgraded"
        seen = load.stop()
    assert (seen["lost"], run.over.versions()) == (0, {NEW})
    assert_invariants(run.over, 3)
    assert len(run.over.forward()) == 6
    for one in others:
        late = Run(site, cluster, one, run.before, run.since).end()
        assert late.result["status"] in ("refused", "nothing_to_do")
        assert late.result["status"] != "refused" or first in late.result["summary"]
    assert not site.mistral.cron_triggers.list()


def test_a_missed_firing_is_made_up_once(site, cluster):
    soon = datetime.now(UTC) + timedelta(seconds=150)
    run = Run(site, cluster, "", site.lab.members(cluster), time.time())
    schedule(site, cluster, "--first-time", soon.strftime("%Y-%m-%d %H:%M"), "--utc", dry_run=True)
    site.engine.stop()
    an_hour_passes(site)
    site.start_engine()
    [run.id] = until_fired(site, run)
    assert run.end().result["status"] == "planned"
    assert fired(site.mistral, cluster) == [run.id]
    assert not site.mistral.cron_triggers.list()


def an_hour_passes(site):
    """What is due in the engine's file becomes due an hour earlier: as if the clock went on."""
    with contextlib.closing(sqlite3.connect(site.engine.files.database)) as connection:
        changed = connection.execute("UPDATE cron_triggers_v2 SET next_execution_time = "
                                     "datetime(next_execution_time, '-1 hour') || '.000000'")
        assert changed.rowcount == 1
        connection.commit()
