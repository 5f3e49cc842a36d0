"""Upgrades in the cloud lab: started by anybody, from anywhere, watched to their end."""
import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from trove_upgrade.interfaces.upgrades import Upgrades

from tests.waits import END_POLL_SEC, until

OLD, NEW = "8.1.8", "9.1.2"
ENDED = ("SUCCESS", "ERROR", "CANCELLED")
QUICK = {"datastore_version": NEW, "bake_sec": 0, "parallelism": "domain", "canary": False}
# The cloud that most modules share: tokens live an hour, short waits; upgrades that begin at
# Trove's API bake a second, the others as long as they say.
SHARED = {"token_sec": 3600, "password": "of-the-members-7d1e",
          "swap_sec": 0.2, "stop_timeout_sec": 2, "node_timeout_ms": 4000,
          "trove": {"trove_upgrade_api": {"workflow_inputs": "bake_sec:1"}}}
# One as larger clouds are: TLS with a private CA, two regions, nobody at the public endpoints, and
# readers who only read.
POLICY = Path(__file__).parents[2] / "docs/examples/mistral-policy.yaml"
FAR = {"tls": True, "internal": True, "second_region": True, "swap_sec": 0.2,
       "stop_timeout_sec": 2, "node_timeout_ms": 4000,
       "mistral": {"oslo_policy": {"policy_file": str(POLICY)}},
       "trove": {"trove_upgrade_api": {"workflow_inputs": "bake_sec:1"}}}
TWO = "RegionTwo"        # its other region
FROM_CATALOG = "--mistral-from-catalog"
# One whose tokens live a minute, and whose members take their time.
TOKEN_SEC = 60
SLOW = {"swap_sec": 25, "stop_timeout_sec": 2, "node_timeout_ms": 4000}
TOKEN = "gAAAA"          # every fernet token begins so


class Runs:
    """What one user does and sees in a cloud."""

    def __init__(self, cloud, user="demo"):
        self.cloud, self.user = cloud, user

    @property
    def mistral(self):
        return self.cloud.mistral(self.user)

    def start(self, cluster, mistral=None, **inputs):
        """An execution of trove_upgrade.cluster; its id."""
        chosen = {**QUICK, "cluster_id": cluster.id, **inputs}
        return (mistral or self.mistral).executions.create("trove_upgrade.cluster",
                                                           workflow_input=chosen).id

    def ask(self, cluster, session=None):
        """PATCH clusters/ID; the answer."""
        session = session or self.cloud.session(self.user)
        url = session.get_endpoint(service_type="database")
        return session.patch(f"{url}/clusters/{cluster.id}", raise_exc=False, json={
            "cluster": {"datastore_version": self.cloud.lab.version_id(NEW)}})

    def asked(self, cluster):
        """As ``ask``, accepted; the execution's id."""
        answer = self.ask(cluster)
        assert answer.status_code == 202, answer.text
        return answer.headers["Location"].rsplit("/", 1)[-1]

    def state(self, run):
        return self.mistral.executions.get(run).state

    def end(self, run):
        """Wait for the end: (state, state_info, output)."""
        until(lambda: self.state(run) in ENDED, f"the end of {run}", END_POLL_SEC)
        found = self.mistral.executions.get(run)
        return found.state, found.state_info or "", json.loads(found.output or "{}")

    def abort(self, run):
        Upgrades(self.mistral).abort(run)

    def until_paused(self, run):
        until(lambda: self.state(run) != "RUNNING", "paused", END_POLL_SEC)
        assert self.state(run) == "PAUSED", self.mistral.executions.get(run).state_info

    def until_event(self, cluster, event, number=1):
        """Wait until the cluster's members went through so many of these."""
        until(lambda: len(self.events(cluster, event)) >= number, f"{number} x {event}")

    def events(self, cluster, event):
        return [one for one in self.cloud.lab.journal()
                if one["event"] == event and one["name"].startswith(f"{cluster.name}-")
                and one["wanted" if event == "stopping" else "version"] != OLD]

    # What a run leaves behind
    def task(self, cluster):
        return self.cloud.trove(self.user).clusters.get(cluster.id).task["name"]

    def version(self, cluster):
        return self.cloud.trove(self.user).clusters.get(cluster.id).datastore["version"]

    def notes(self, cluster, run=""):
        """Names of the environments that lock a cluster or keep a run's rights, of all projects.

        Settings that an unfinished upgrade owes to the members are not among them.
        """
        found = [one.name for one in self.cloud.mistral("mistral").environments.list()]
        return [name for name in found if ".settings." not in name
                and (cluster.id in name or (run and run in name))]

    def trusts(self):
        """Those that the service user holds."""
        holder = self.cloud.session("mistral").get_user_id()
        listed = self.cloud.keystone.identity().get("/OS-TRUST/trusts").json()["trusts"]
        return [one for one in listed if one["trustee_user_id"] == holder]

    def assert_given_back(self, cluster, run):
        """Task, locks and rights of a run are gone."""
        until(lambda: self.task(cluster) == "NONE", "Trove's task given back")
        until(lambda: not self.notes(cluster, run), f"{self.notes(cluster, run)} gone")

    def assert_no_trust(self):
        """The service user holds none any more."""
        until(lambda: not self.trusts(), "all trusts dropped")

    def until_at_rest(self, cluster):
        """Wait until Trove, whose polls back off, has seen every member's end."""
        until(lambda: {one["status"] for one in self.cloud.trove(self.user).clusters.get(
            cluster.id).instances} == {"ACTIVE"}, "Trove at rest", END_POLL_SEC)

    def versions(self, cluster):
        """What the members' own servers say."""
        return {member.version for member in self.cloud.lab.members(cluster)}


def texts(database: Path):
    """(table.column, text) of every cell of an SQLite database that holds text."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        names = [row[0] for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in names:
            cursor = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            columns = [one[0] for one in cursor.description]
            for row in cursor:
                yield from ((f"{table}.{column}", _text(cell))
                            for column, cell in zip(columns, row, strict=True) if cell is not None)


def _text(cell):
    return cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell)


def secrets_of(cloud):
    """Passwords of people and of the members."""
    people = [cloud.password(name) for name in ("demo", "mistral", "trove", "admin")]
    return [one for one in (*people, cloud.lab.settings.password) if one]


def leaks(cloud, secrets):
    """Where a token or one of the secrets stands: tables, logs and answers of the APIs.

    Mistral's scheduler keeps its caller's token until its last job is done.
    """
    until(lambda: not any(place.startswith("scheduled_jobs") for place, _ in texts(
        cloud.engine.files.database)), "Mistral's scheduler at rest")
    words = [TOKEN, *secrets]
    places = [*_tables(cloud), *_logs(cloud), *_answers(cloud)]
    return [f"{place}: {word[:5]}" for place, text in places for word in words if word in text]


def _tables(cloud):
    for name, path in (("mistral", cloud.engine.files.database),
                       ("trove", cloud.lab.directory / "trove.sqlite")):
        yield from ((f"{name}.{place}", text) for place, text in texts(path))


def _logs(cloud):
    for path in [*cloud.engine.files.directory.glob("*.log"), cloud.engine.files.output,
                 *cloud.lab.directory.glob("*.log"), cloud.lab.directory / "trove.out"]:
        with suppress(FileNotFoundError):
            yield path.name, path.read_text(errors="replace")


def _answers(cloud):
    """All that Mistral's API shows of runs, to an administrator."""
    session, url = cloud.session("mistral"), cloud.engine.url
    for kind in ("executions", "tasks", "action_executions", "environments", "cron_triggers"):
        shown = session.get(f"{url}/{kind}", params={"all_projects": "true", "limit": 500}
                            if kind == "executions" else {}).json()[kind]
        for one in shown:
            name = one["name"] if kind in ("environments", "cron_triggers") else one["id"]
            yield f"{kind}/{name}", json.dumps(one)
    for one in session.get(f"{url}/executions", params={"all_projects": "true"}).json()[
            "executions"]:
        yield f"executions/{one['id']}", session.get(f"{url}/executions/{one['id']}").text
