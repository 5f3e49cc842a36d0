"""Who is told of an upgrade: oslo notifications by the log driver, and Mistral's own webhook."""
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from trove_upgrade.interfaces.upgrades import WORKFLOW
from trove_upgrade.schemas import complaints

from tests.end_to_end.site import QUICK, Run, clean_site
from tests.waits import until

XDIST_GROUP = "notifications"
# Mistral's webhooks and std.http don't go to loopback unless they are allowed to.
SETTINGS = "[oslo_messaging_notifications]\ndriver = log\n[action_std_http]\ndenied_cidrs =\n"
MARK = "oslo.messaging.notification."
HOOKED = ["WORKFLOW_LAUNCHED", "WORKFLOW_SUCCEEDED"]


class Hook(BaseHTTPRequestHandler):
    """Keeps what is posted to it."""

    def do_POST(self):  # noqa: N802  http.server calls it by this name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.headers["X-Hook"], json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    """A web server; its list ``posted`` holds (header X-Hook, JSON body)."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        server.posted = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def told_site(tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "told.conf"
    config.write_text(SETTINGS)
    with clean_site(tmp_path_factory.mktemp("engine"), engine_options={"config": config}) as site:
        yield site


def notifications(site, run):
    """The messages about a run, in the order of the log."""
    lines = site.engine.files.log.read_text().splitlines()
    found = [json.loads(line[line.index("{"):]) for line in lines if MARK in line]
    return [one for one in found if one["payload"]["execution_id"] == run.id]


def test_upgrade_is_told_by_notifications_and_by_a_webhook(told_site, receiver):
    hook = {"type": "webhook", "url": f"http://127.0.0.1:{receiver.server_port}/",
            "headers": {"X-Hook": "mine"}, "event_types": HOOKED}
    with told_site.cluster() as cluster:
        run = begin(told_site, cluster, notify=[hook])
        assert run.end().result["status"] == "upgraded"
    until(lambda: "WORKFLOW_SUCCEEDED" in events_of(receiver, run), "the webhook")
    assert events_of(receiver, run) == HOOKED
    until(lambda: len(notifications(told_site, run)) >= 14, "14 notifications")
    told = notifications(told_site, run)
    kinds = [one["event_type"].removeprefix("trove.cluster.upgrade.") for one in told]
    assert (kinds[0], kinds[-1]) == ("start", "end")
    assert (kinds.count("member.start"), kinds.count("member.end"), len(kinds)) == (6, 6, 14)
    assert [complaints("event", one["payload"]) for one in told] == [[]] * 14
    assert len({one["payload"]["key"] for one in told}) == 14
    assert told[-1]["payload"]["cluster_id"] == cluster.id
    assert len(told[-1]["payload"]["upgraded"]) == 6


def begin(site, cluster, **params):
    """An upgrade that is started with parameters of Mistral, as execution-create does it."""
    before, since = site.lab.members(cluster), time.time()
    inputs = {**QUICK, "cluster_id": cluster.id, "parallelism": "domain", "canary": False}
    made = site.mistral.executions.create(WORKFLOW, workflow_input=inputs, **params)
    return Run(site, cluster, made.id, before, since)


def events_of(receiver, run):
    """What the webhook was told of the run itself, not of its sub-workflows."""
    assert {header for header, _ in receiver.posted} <= {"mine"}
    return [body["event"] for _, body in receiver.posted if body["id"] == run.id]


def test_nobody_is_told_of_a_dry_run(told_site):
    with told_site.cluster() as cluster:
        run = told_site.begin(cluster, dry_run=True)
        assert run.end().result["status"] == "planned"
        refused = told_site.begin(cluster, datastore_version="0.0.1")
        refused.end()
    until(lambda: len(notifications(told_site, refused)) >= 2, "2 notifications")
    assert [one["event_type"].rsplit(".", 1)[-1] for one in notifications(told_site, refused)] == [
        "start", "error"]
    assert notifications(told_site, refused)[1]["payload"]["status"] == "refused"
    assert notifications(told_site, run) == []
