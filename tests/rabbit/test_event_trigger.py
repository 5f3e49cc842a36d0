"""An upgrade that a notification starts, by the documented example, over a real RabbitMQ."""
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end.firing import fired, mistral
from tests.end_to_end.invariants import assert_invariants
from tests.end_to_end.site import NEW, Run, Site
from tests.rabbit.conftest import EXAMPLES
from tests.waits import PATIENCE_SEC

XDIST_GROUP = "rabbit"
SETTINGS = """
[oslo_messaging_notifications]
transport_url = {url}
[event_engine]
event_definitions_cfg_file = {definitions}
"""
PLACE = ("trove", "notifications", "trove.datastore_version.activated")
PROJECT = "<default-project>"       # Mistral's name for it where there is no Keystone
INPUTS = {"bake_sec": 0, "parallelism": "domain"}
IDLE_SEC = 3


@pytest.fixture(scope="module")
def site(broker, make_site):
    settings = SETTINGS.format(url=broker.url, definitions=EXAMPLES / "event_definitions.yaml")
    with make_site(settings, kind=Site, events=True,
                   workflows=[EXAMPLES / "upgrade_on_event.yaml"]) as made:
        yield made
        made.engine.stop()
        assert made.leaks() == []


@pytest.fixture(scope="module")
def trigger(site):
    """Id of the trigger, made by the stock command."""
    workflow = site.mistral.workflows.get("upgrade_on_event").id
    return mistral({"OS_MISTRAL_URL": site.engine.client_url}, "event-trigger-create",
                   "on-activation", workflow, *PLACE, json.dumps(INPUTS))["ID"]


@pytest.fixture
def announce(broker):
    """announce(cluster id, version, project): the example's sender."""
    def send(cluster, version=NEW, project=PROJECT):
        subprocess.run([sys.executable, EXAMPLES / "announce_version.py", "--transport-url",
                        broker.url, "--project", project, "--cluster", cluster, "--version",
                        version], check=True, timeout=PATIENCE_SEC)
    return send


def next_run(site, cluster, trigger, known):
    """The upgrade that the next firing has started, as a Run."""
    run = Run(site, cluster, "", site.lab.members(cluster), time.time())
    new = run.until(lambda: [one for one in fired(site.mistral, trigger) if one not in known],
                    "the trigger fires")
    children = run.until(lambda: [one for one in site.mistral.executions.list(
        root_execution_id=new[0]) if one.workflow_name == "trove_upgrade.cluster"], "it starts")
    run.id = children[0].id
    known.append(new[0])
    return run


def cpu_sec(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_event_starts_one_upgrade_and_a_second_event_does_no_harm(site, trigger, announce):
    known = fired(site.mistral, trigger)
    with site.cluster() as cluster, site.load(cluster) as load:
        announce(cluster.id)
        run = next_run(site, cluster, trigger, known)
        announce(cluster.id)
        doubled = next_run(site, cluster, trigger, known)
        assert doubled.end().result["status"] == "refused"
        assert run.id in doubled.over.result["summary"]
        assert run.end().result["status"] == "upgraded"
        seen = load.stop()
        announce(cluster.id)
        late = next_run(site, cluster, trigger, known)
        assert late.end().result["status"] == "nothing_to_do"
    assert (seen["lost"], run.over.versions()) == (0, {NEW})
    assert_invariants(run.over, 3)
    assert not run.over.lock


def send_text(broker, directory):
    """An event of the right type whose payload no definition can read, by oslo's own sender."""
    settings = directory / "sender.conf"
    settings.write_text("[DEFAULT]\ncontrol_exchange = trove\n")
    subprocess.run([Path(sys.executable).with_name("oslo-messaging-send-notification"),
                    "--config-file", settings, "--transport-url", broker.url, "--topic", PLACE[1],
                    "--event-type", PLACE[2], "no mapping"], check=True, timeout=PATIENCE_SEC,
                   capture_output=True)


def test_events_that_do_not_fit_stop_nothing(site, trigger, announce, broker, tmp_path):
    """Unreadable, or of another project: nothing. Without a cluster: refused. What follows is
    heard."""
    known = fired(site.mistral, trigger)
    send_text(broker, tmp_path)
    announce("gone", project="somebody-else")
    announce("")
    with site.cluster() as cluster:
        refused = next_run(site, cluster, trigger, known)
        assert refused.end().result["status"] == "refused"
        announce(cluster.id, version="0.0.1")
        unknown = next_run(site, cluster, trigger, known)
        assert unknown.end().result["status"] == "refused"
        assert "0.0.1" in unknown.over.result["summary"]
    assert fired(site.mistral, trigger) == known
    assert "An event could not be handled" in site.engine.files.log.read_text()


def test_event_waits_at_the_broker_for_an_engine_that_is_down(site, trigger, announce):
    known = fired(site.mistral, trigger)
    site.engine.stop()
    announce("nobody's")
    site.start_engine()
    with site.cluster() as cluster:
        assert "nobody's" in next_run(site, cluster, trigger, known).end().result["summary"]


def test_event_engine_waits_without_burning_a_core(site, trigger):
    before = cpu_sec(site.engine.pid)
    time.sleep(IDLE_SEC)                   # nothing happens: that is what is measured
    assert (cpu_sec(site.engine.pid) - before) / IDLE_SEC < 0.4
