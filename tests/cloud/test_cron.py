"""Cron triggers as a member makes them, with the stock command, at a Mistral behind Keystone.

Mistral fires them with a trust of the member's, which the upgrade uses and leaves to Mistral.
"""
import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.cloud.runs import NEW, QUICK, SHARED, Runs
from tests.end_to_end.firing import fired, mistral
from tests.waits import until

CLOUD = SHARED
XDIST_GROUP = "cloud 2"
EVERY_2_SEC = "* * * * * */2"        # Mistral takes a sixth field, of seconds


@pytest.fixture
def demo(cloud):
    return Runs(cloud)


@contextmanager
def load(cloud, cluster):
    with cloud.lab.load(cluster, threads=1, rate=25, preload=100) as running:
        yield running


def schedule(runs, cluster, *options, **inputs):
    """Make a trigger for an upgrade of the cluster."""
    mistral(runs.cloud.env(runs.user), "cron-trigger-create", f"{runs.user}-{cluster.name}",
            "trove_upgrade.cluster", json.dumps({**QUICK, "cluster_id": cluster.id, **inputs}),
            *options)


def until_fired(runs, cluster, times=1):
    return until(lambda: len(found := fired(runs.mistral, cluster)) >= times and found,
                 f"fired {times} times")


def assert_only_mistrals_trusts_are_gone(runs):
    """A trigger's trust ends with its last run, and an upgrade makes none of its own for it."""
    assert runs.mistral.cron_triggers.list() == []
    until(lambda: runs.trusts() == [], "all trusts dropped")


def test_a_trigger_for_one_moment_upgrades_under_load(cloud, demo, cluster):
    moment = (datetime.now(UTC) + timedelta(seconds=62 + 59)).replace(second=0)
    schedule(demo, cluster, "--first-time", moment.strftime("%Y-%m-%d %H:%M"), "--utc")
    assert len(demo.trusts()) == 1
    with load(cloud, cluster) as running:
        [run] = until_fired(demo, cluster)
        state, words, output = demo.end(run)
        seen = running.stop()
    assert (state, output["status"]) == ("SUCCESS", "upgraded"), words
    assert (seen["lost"], demo.versions(cluster), demo.version(cluster)) == (0, {NEW}, NEW)
    demo.assert_given_back(cluster, run)
    assert_only_mistrals_trusts_are_gone(demo)


def test_a_doubled_firing_upgrades_once(cloud, demo, cluster):
    with load(cloud, cluster) as running:
        schedule(demo, cluster, "--pattern", EVERY_2_SEC, "--count", "3")
        first, *others = until_fired(demo, cluster, times=3)
        assert demo.end(first)[2]["status"] == "upgraded"
        seen = running.stop()
    assert seen["lost"] == 0
    assert len(demo.events(cluster, "stopping")) == 2
    for one in others:
        output = demo.end(one)[2]
        assert output["status"] in ("refused", "nothing_to_do"), output
        assert output["status"] == "nothing_to_do" or first in output["summary"]
    demo.assert_given_back(cluster, first)
    assert_only_mistrals_trusts_are_gone(demo)


def test_a_firing_after_its_window_does_nothing_and_says_so(demo, cluster):
    schedule(demo, cluster, "--pattern", EVERY_2_SEC, "--count", "1",
             latest_start=datetime.now(UTC).isoformat())
    [run] = until_fired(demo, cluster)
    _, words, output = demo.end(run)
    assert output["status"] == "refused", words
    assert output["errors"][0]["code"] == "too_late"
    assert "Nothing was locked or changed" in words
    assert demo.events(cluster, "stopping") == []
    demo.assert_given_back(cluster, run)
    assert_only_mistrals_trusts_are_gone(demo)


def test_a_trigger_of_another_project_finds_no_cluster(cloud, demo, cluster):
    other = Runs(cloud, "other")
    schedule(other, cluster, "--pattern", EVERY_2_SEC, "--count", "1")
    [run] = until_fired(other, cluster)
    output = other.end(run)[2]
    assert (output["status"], output["errors"][0]["code"]) == ("refused", "unknown_cluster")
    assert demo.events(cluster, "stopping") == []
    assert_only_mistrals_trusts_are_gone(other)
