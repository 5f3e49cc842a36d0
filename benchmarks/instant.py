"""A datastore whose members are upgraded at once, and a double of the Trove that has it.

The driver runs in the engine's process and asks the double, which runs in the benchmark's. So what
the engine's process spends is the orchestration's own.
"""
import collections
import contextlib
import json
import os
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
from trove_upgrade.datastores.base import Check, Driver, Facts, Texts

NAME, OLD, NEW = "instant", "1.0", "2.0"
WORKFLOW = f"""---
version: '2.0'

trove_upgrade.datastore.{NAME}:
  description: "Members that are upgraded at once. Output: finished, failure."
  tags: [trove_upgrade, internal]
  input:
    - run
    - tries
  output:
    finished: <% task(roll).result.finished %>
    failure: null
  output-on-error:
    finished: false
    failure: <% tasks(execution().id, false, ERROR).select($.result) %>
  tasks:
    roll:
      workflow: trove_upgrade.roll
      input:
        run: <% $.run %>
        tries: <% $.tries %>
"""


class InstantDriver(Driver):
    """Member by member; nothing stands in the way."""

    name = NAME
    datastores = (NAME,)

    def read(self, members):
        members = list(members)
        url = os.environ["OS_ENDPOINT"].split("/v1.0")[0] + "/facts"
        told = requests.post(url, json=[one.id for one in members], timeout=60).json()
        return {one.id: Facts(one.id, one.name, answers=answers, version=version, identity=start,
                              domain=one.name)
                for one, (answers, version, start) in zip(members, told, strict=True)}

    def checks(self, facts, saved=()):
        return [Check("members_healthy", True, "All are well.")]

    def blockers(self, facts, unavailable):
        return []

    def texts(self, facts, keep_rollback_path):
        return Texts(rollback_path="On its own data.", point_of_no_return="None.", backup="None.")


def paths():
    """Where the engine finds the workflow; see :func:`install`."""
    return [str(Path(os.environ["INSTANT_WORKFLOW"]))]


def install(directory):
    """Let a process that is given the returned variables find the driver and its workflow."""
    directory = Path(directory)
    info = directory / "instant-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: instant\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[trove_upgrade.datastores]\n{NAME} = instant:InstantDriver\n"
        f"[mistral.preinstalled_workflows]\n{NAME} = instant:paths\n")
    (directory / "instant.yaml").write_text(WORKFLOW)
    path = os.pathsep.join(filter(None, (str(directory), str(Path(__file__).parent),
                                         os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path, "INSTANT_WORKFLOW": str(directory / "instant.yaml")}


class Double:
    """What Trove answers, and how often it was asked."""

    def __init__(self):
        self.calls: collections.Counter = collections.Counter()
        self.begun: dict[str, float] = {}   # when a cluster's first member was upgraded, monotonic
        self.clusters: dict[str, list[str]] = {}
        self.instances: dict[str, dict] = {}
        self.versions = {OLD: str(uuid.uuid4()), NEW: str(uuid.uuid4())}
        self.port = 0

    def create_cluster(self, members):
        """Id of a new cluster of so many members."""
        cluster = str(uuid.uuid4())
        self.clusters[cluster] = [str(uuid.uuid4()) for _ in range(members)]
        for number, one in enumerate(self.clusters[cluster], 1):
            self.instances[one] = {"name": f"shop-member-{number:05}", "cluster": cluster,
                                   "version": OLD, "starts": 1}
        return cluster

    def env(self):
        """Variables that lead clients to it."""
        return {"OS_AUTH_TYPE": "admin_token", "OS_TOKEN": "demo",
                "OS_ENDPOINT": f"http://127.0.0.1:{self.port}/v1.0/demo"}

    def answer(self, method, path, body):
        """(status, document), or None for no answer."""
        parts = path.split("?")[0].strip("/").split("/")
        if parts[0] == "facts":
            return 200, [self._facts(self.instances[one]) for one in json.loads(body)]
        kind, wanted = parts[2], parts[3] if len(parts) == 4 else ""
        self.calls[f"{method} {kind}" + ("/ID" if wanted else "")] += 1
        if kind == "clusters" and wanted in self.clusters:
            return 200, {"cluster": self._cluster(wanted)}
        if kind == "instances" and wanted in self.instances:
            return (200, {"instance": self._instance(wanted, full=True)}) if method == "GET" \
                else self._upgrade(wanted, json.loads(body)["instance"]["datastore_version"])
        if kind == "datastores" and parts[-1] == "versions":
            return 200, {"versions": [{"id": version, "name": name, "version": name,
                                       "datastore": "d1", "active": True, "links": []}
                                      for name, version in self.versions.items()]}
        return 404, {"itemNotFound": {"message": path, "code": 404}}

    def _facts(self, row):
        """What a member's server would say: answers, version, identity."""
        return True, row["version"], str(row["starts"])

    def _cluster(self, cluster):
        return {"id": cluster, "name": "shop", "datastore": {"type": NAME, "version": OLD},
                "task": {"id": 1, "name": "NONE", "description": "none"},
                "instances": [self._instance(one) for one in self.clusters[cluster]]}

    def _instance(self, instance, full=False):
        row = self.instances[instance]
        shown = {"id": instance, "name": row["name"], "status": "ACTIVE", "ip": ["127.9.9.9"],
                 "flavor": {"id": "1"}, "volume": {"size": 1}, "operating_status": "HEALTHY"}
        more = {"datastore": {"type": NAME, "version": row["version"]},
                "cluster_id": row["cluster"]}
        return shown | more if full else shown

    def _upgrade(self, instance, version_id):
        row = self.instances[instance]
        row["version"] = next(name for name, one in self.versions.items() if one == version_id)
        row["starts"] += 1
        self.begun.setdefault(row["cluster"], time.monotonic())
        return 202, None


@contextlib.contextmanager
def double(made=None):
    """A Double that listens: this one, or one of its own."""
    made = made or Double()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = made.answer(self.command, self.path, body)
            if found is None:       # the connection ends without an answer
                self.close_connection = True
                return
            status, document = found
            data = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _answer

        def log_message(self, *_):
            """Nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *address):
            if not isinstance(sys.exc_info()[1], ConnectionError):      # who has asked was killed
                super().handle_error(*address)

    server = Server(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
