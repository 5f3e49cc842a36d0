"""Notifications of real upgrades, taken by a stock listener from a real RabbitMQ."""
import json

import pytest
from trove_upgrade.schemas import complaints

from tests.end_to_end.site import NEW, OLD
from tests.rabbit.conftest import Receiver

XDIST_GROUP = "rabbit"
SETTINGS = """
[oslo_messaging_notifications]
driver = messagingv2
transport_url = {url}
"""
WIDE = {"parallelism": "domain", "canary": False}


@pytest.fixture(scope="module")
def site(broker, make_site):
    with make_site(SETTINGS.format(url=broker.url)) as made:
        yield made


@pytest.fixture(scope="module")
def receiver(broker):
    with Receiver(broker.url) as listening:
        yield listening


def kinds(told):
    return [kind for kind, _ in told]


def assert_told_well(site, told):
    """Each as the schema says, each once, with its project and without a secret."""
    assert [complaints("event", one["payload"]) for _, one in told] == [[]] * len(told)
    assert len({one["payload"]["key"] for _, one in told}) == len(told)
    assert {one["context"]["project_id"] for _, one in told} == {told[0][1]["payload"]["tenant_id"]}
    assert not any(secret in json.dumps(one) for secret in site.secrets for _, one in told)


def test_a_good_upgrade_is_told_from_start_to_end(site, receiver):
    with site.cluster() as cluster:
        run = site.begin(cluster, **WIDE)
        assert run.end().result["status"] == "upgraded"
        told = receiver.until(run, "end")
    assert_told_well(site, told)
    assert kinds(told)[0] == "start"
    assert kinds(told).count("member.start") == kinds(told).count("member.end") == 6
    assert len(told) == 14
    ended = [one["payload"] for kind, one in told if kind == "member.end"]
    assert {one["version"] for one in ended} == {NEW}
    assert {one["cluster_name"] for one in ended} == {cluster.name}
    assert told[-1][1]["payload"]["status"] == "upgraded"


def test_a_failed_member_and_its_rollback_are_told(site, receiver):
    with site.cluster() as cluster:
        site.break_member(cluster, "does_not_start", 5)
        run = site.begin(cluster)
        assert run.end().result["status"] == "rolled_back"
        told = receiver.until(run, "error")
    assert_told_well(site, told)
    after = kinds(told)[kinds(told).index("member.error"):]
    assert after == ["member.error", "rollback.start", "member.rollback.start",
                     "member.rollback.end", "member.rollback.start", "member.rollback.end",
                     "rollback.end", "error"]
    failed = told[kinds(told).index("member.error")][1]["payload"]
    assert failed["instance_id"] == run.member(5).id
    assert failed["errors"][0]["instance"] == run.member(5).id
    assert told[-1][1]["payload"]["status"] == "rolled_back"
    back = [one["payload"]["version"] for kind, one in told if kind == "member.rollback.end"]
    assert back == [OLD, OLD]


def test_pauses_and_a_cancel_are_told(site, receiver):
    with site.cluster() as cluster:
        run = site.begin(cluster, pause_after="first")
        run.until_paused()
        run.set_state("RUNNING")
        run.until_event("healthy", 2)
        run.set_state("CANCELLED")
        told = receiver.until(run, "error")
        run.until_at_rest()
    assert_told_well(site, told)
    assert [kind for kind in kinds(told) if "member" not in kind] == [
        "start", "pause", "resume", "error"]
    assert told[-1][1]["payload"]["state"] == "CANCELLED"
    assert "nothing was undone" in told[-1][1]["payload"]["message"]
