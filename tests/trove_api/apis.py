"""Both APIs and their Mistral, seen by a test: requests, rows of Trove's database, faults."""
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from trove_upgrade.embedded import EmbeddedEngine
from trove_upgrade.embedded.ports import free_port

from tests.trove_api.gate import Gate
from tests.waits import PATIENCE_SEC, TIMEOUT_SEC, until

DEMO = "demo"       # with Trove's stand-in for Keystone a token is its own project, user and role
SERVER = Path(__file__).with_name("server.py")
NONE, BUILDING, UPGRADING = 1, 2, 7         # Trove's cluster tasks
CONF = """\
[oslo_policy]
policy_file = {directory}/policy.yaml
[trove_upgrade_api]
mistral_url = {gate}
mistral_public_url = https://mistral.example.org
mistral_auth = none
http_timeout_sec = {timeout}
start_grace_sec = 60
retry_after_sec = 17
workflow_inputs = bake_sec:0
"""


@dataclass(frozen=True)
class Seeded:
    """A cluster as Trove's database has it; there are no servers behind it."""

    id: str
    tenant: str = "demo"


class Apis:
    """A context manager; ``stock`` and ``ours`` are the URLs."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.port = free_port()
        self.gate = Gate(self.port)
        self.engine = None
        self.stock = self.ours = ""
        self.routes = []            # (method, path) of all that Trove's own router knows
        self._process: subprocess.Popen | None = None

    def __enter__(self):
        (self.directory / "policy.yaml").write_text("{}\n")
        (self.directory / "more.conf").write_text(
            CONF.format(directory=self.directory, gate=self.gate.url, timeout=TIMEOUT_SEC // 2))
        self.start()
        self.engine = EmbeddedEngine(
            self.directory / "mistral", port=self.port, workflows=[SERVER.with_name("hold.yaml")],
            env={**os.environ, "OS_AUTH_TYPE": "admin_token", "OS_TOKEN": "demo",
                 "OS_ENDPOINT": f"{self.stock}/demo"})
        self.gate.token = self.engine.start().token
        return self

    def __exit__(self, *_):
        if self.engine:
            self.engine.stop()
        self._process.terminate()
        self._process.wait()
        self.gate.close()

    def start(self):
        ready = self.directory / "apis.json"
        ready.unlink(missing_ok=True)
        with (self.directory / "apis.out").open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", SERVER, self.directory, str(os.getpid())],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        until(lambda: ready.exists() or self._process.poll() is not None, "the APIs' start")
        assert ready.exists(), (self.directory / "trove.log").read_text()[-3000:]
        urls = json.loads(ready.read_text())
        self.stock, self.ours, self.routes = urls["stock"], urls["ours"], urls["routes"]

    def kill(self):
        self._process.kill()
        self._process.wait()

    # Requests
    def ask(self, method, path, token=DEMO, side="ours", tenant=None, **keywords):
        """One request; the path is what follows the tenant."""
        headers = {"X-Auth-Token": token, **keywords.pop("headers", {})}
        return requests.request(method, f"{getattr(self, side)}/{tenant or token}{path}",
                                headers=headers, timeout=PATIENCE_SEC, **keywords)

    def patch(self, cluster, version, **keywords):
        return self.ask("PATCH", f"/clusters/{cluster.id}",
                        json={"cluster": {"datastore_version": version}}, **keywords)

    def post(self, cluster, version, **keywords):
        return self.ask("POST", f"/clusters/{cluster.id}",
                        json={"upgrade": {"datastore_version": version}}, **keywords)

    def task(self, cluster):
        """What our route shows."""
        return self.ask("GET", f"/clusters/{cluster.id}/upgrade", token="admin").json()["upgrade"]

    def take(self, cluster, since=None, **more):
        """Hold a cluster as the workflow would; since when."""
        answer = self.ask("PUT", f"/clusters/{cluster.id}/upgrade", token="admin",
                          json={"upgrade": {"since": since, **more}})
        assert answer.status_code == 200, answer.text
        return answer.json()["upgrade"]["since"]

    # Trove's database
    def sql(self, statement, *values):
        path = self.directory / "trove.sqlite"
        with closing(sqlite3.connect(path, timeout=PATIENCE_SEC)) as connection, connection:
            connection.execute("pragma synchronous = off")
            return connection.execute(statement, values).fetchall()

    def version(self, name, datastore="redis"):
        """Id of a datastore version."""
        return self.sql("select v.id from datastore_versions v join datastores d on "
                        "v.datastore_id = d.id where v.name = ? and d.name = ?",
                        name, datastore)[0][0]

    def seed(self, *members, version="8.1.8", datastore="redis", tenant="demo", task=NONE, age=3600,
             cluster_id=None):
        """A cluster of members on these versions (default: two on its own), left alone for age
        seconds."""
        cluster = Seeded(cluster_id or str(uuid.uuid4()), tenant)
        then = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime(time.time() - age))
        own = self.version(version, datastore)
        self.sql("insert into clusters (id, created, updated, name, task_id, tenant_id, "
                 "datastore_version_id, deleted) values (?, ?, ?, 'seeded', ?, ?, ?, 0)",
                 cluster.id, then, then, task, tenant, own)
        for number, name in enumerate(members or (version, version)):
            self.sql("insert into instances (id, created, updated, name, task_id, tenant_id, "
                     "datastore_version_id, cluster_id, type, deleted, flavor_id) values "
                     "(?, ?, ?, ?, 1, ?, ?, ?, 'member', 0, '1')",
                     str(uuid.uuid5(uuid.UUID(cluster.id), str(number))), then, then,
                     f"m{number}", tenant, self.version(name, datastore), cluster.id)
        return cluster

    def policy(self, **rules):
        """Write policy.yaml; keys with __ for the colons."""
        path = self.directory / "policy.yaml"
        path.write_text(json.dumps({name.replace("__", ":"): rule for name, rule in rules.items()}))
        later = time.time() + next(_TICKS)       # Trove reads it again when its time has changed
        os.utime(path, (later, later))

    # Mistral
    @property
    def mistral(self):
        return self.engine.client_url

    def execution(self, execution_id):
        """The execution, or None."""
        answer = requests.get(f"{self.mistral}/executions/{execution_id}", timeout=PATIENCE_SEC)
        return None if answer.status_code == 404 else answer.json()

    def hold_execution(self):
        """An execution that stays until it is ended."""
        made = requests.post(f"{self.mistral}/executions", timeout=PATIENCE_SEC,
                             json={"workflow_name": "tests.hold"})
        assert made.status_code == 201, made.text
        return made.json()["id"]

    def end(self, execution_id, state="CANCELLED"):
        requests.put(f"{self.mistral}/executions/{execution_id}", timeout=PATIENCE_SEC,
                     json={"state": state}).raise_for_status()

    def record(self, cluster, owner, since=None):
        """The lock's environment, as the workflow writes it."""
        requests.post(f"{self.mistral}/environments", timeout=PATIENCE_SEC, json={
            "name": f"trove_upgrade.lock.{cluster.id}",
            "variables": {"owner": owner, "since": since}}).raise_for_status()

    @contextmanager
    def mistral_frozen(self):
        """It takes connections and says nothing."""
        os.kill(self.engine.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.engine.pid, signal.SIGCONT)


def _ticks():
    number = 1
    while True:
        yield number
        number += 1


_TICKS = _ticks()
