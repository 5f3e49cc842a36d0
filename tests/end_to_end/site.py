"""One lab and one engine, and upgrades on clusters in it: begun, watched, ended, written down."""
import itertools
import json
import os
import secrets
import threading
import time
import warnings
from collections import defaultdict
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from trove_upgrade.embedded import EmbeddedEngine
from trove_upgrade.interfaces.session import engine_client
from trove_upgrade.interfaces.upgrades import Upgrades
from trove_upgrade.lab.kinds import kind
from trove_upgrade.lab.kinds.base import Member
from trove_upgrade.lab.kinds.redis import native
from trove_upgrade.lab.lab import Cluster, Lab

from tests.waits import PATIENCE_SEC, until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself
    # Here, in the main thread: a thread that is the first to import eventlet never ends.
    import troveclient.v1.client  # noqa: F401

OLD, NEW = "8.1.8", "9.1.2"
QUICK = {"datastore_version": NEW, "bake_sec": 0}       # inputs that no test need wait for
# In which the pack takes the members of a fresh 3+3 cluster: replicas by shard, then primaries.
ORDER = (4, 5, 6, 1, 2, 3)
ALL = [str(one) for one in ORDER]
POLL_SEC = 1.0         # at Mistral, whom each look costs as much as a step
OUTAGES = {"OS_TROVE_UPGRADE__OUTAGE_SEC": "20"}      # oslo.config reads it from the environment


@dataclass
class Outcome:
    """Everything that is known of an upgrade after its end (or at its pause)."""

    id: str
    state: str
    state_info: str
    result: dict
    before: list[Member]
    after: list[Member]
    journal: list[dict]          # of this cluster's members, since the run began
    calls: list[dict]            # of Trove's API that name this cluster or a member of it
    lock: dict | None
    held: dict | None
    load: dict | None = None
    origin: str = OLD
    target: str = NEW
    seen: object = None                # what the scenario's act returned

    def names(self, group: str) -> list[str]:
        """Short names of a list of the result, 'upgraded' for one, in order."""
        return [one["name"].rsplit("-", 1)[-1] for one in self.result[group]]

    def versions(self) -> set[str]:
        """What the members' own servers say."""
        return {member.version for member in self.after}

    def forward(self) -> list[str]:
        """Short names of the members that were stopped to run the target, in order."""
        return [event["name"].rsplit("-", 1)[-1] for event in self.journal
                if event["event"] == "stopping" and event["wanted"] == self.target]

    def stops(self) -> list[dict]:
        """Every stop of a server."""
        return [event for event in self.journal if event["event"] == "stopping"]

    def codes(self) -> set[str]:
        """Codes of the errors in the result."""
        return {error["code"] for error in self.result["errors"]}


@dataclass
class Run:
    """One execution of trove_upgrade.cluster, under way or over."""

    site: "Site"
    cluster: Cluster
    id: str
    before: list[Member]
    since: float
    target: str = ""        # the site's new version, and its old one below
    origin: str = ""
    over: Outcome | None = None

    def __post_init__(self) -> None:
        self.target = self.target or self.site.new
        self.origin = self.origin or self.site.old

    @property
    def state(self) -> str:
        return self.site.mistral.executions.get(self.id).state

    def journal(self) -> list[dict]:
        """What its members went through since it began."""
        mine = {member.id for member in self.before}
        return [event for event in self.site.lab.journal()
                if event["instance"] in mine and event["t"] >= self.since]

    def until(self, condition, what: str, every: float = POLL_SEC):
        """Wait until condition() is true and return its value."""
        return until(condition, what, every, self.story)

    def until_event(self, event: str, number: int = 1) -> None:
        """Wait until the journal holds so many of these events."""
        self.until(lambda: sum(one["event"] == event for one in self.journal()) >= number,
                   f"{number} x {event}", every=0.2)

    def until_paused(self) -> "Outcome":
        """Wait until the run is paused."""
        self.until(lambda: self.state != "RUNNING", "paused")
        return self.outcome()

    def again(self, **inputs) -> "Outcome":
        """Another run on the same cluster, to its end; the load, if any, goes on."""
        return self.site.begin(self.cluster, **inputs).end()

    def mend(self) -> None:
        """Take the cluster's faults back."""
        self.site.mend(self.cluster)

    def open_children(self) -> list[str]:
        """Ids of its sub-executions that are not over."""
        found = self.site.mistral.executions.list(root_execution_id=self.id)
        return [one.id for one in found if one.state in ("RUNNING", "IDLE", "PAUSED")
                and one.id != self.id]

    def member(self, number: int) -> Member:
        """A member as it was at the start."""
        return self.before[number - 1]

    def pause(self, now: bool = False) -> None:
        self.site.upgrades.pause(self.id, now=now)

    def resume(self) -> None:
        self.site.upgrades.resume(self.id)

    def abort(self) -> None:
        self.site.upgrades.abort(self.id)

    def set_state(self, state: str) -> None:
        """What an operator does by `mistral execution-update`."""
        self.site.mistral.executions.update(self.id, state)

    def end(self) -> "Outcome":
        """Wait for the end and return the facts of that moment, also when asked again."""
        if self.over is None:
            self.until(lambda: self.state not in ("RUNNING", "IDLE", "PAUSED"), "the end")
            self.mend()                        # so that we are answered ourselves
            self.over = self.outcome()
        return self.over

    def outcome(self) -> Outcome:
        """The facts of this moment."""
        found = self.site.mistral.executions.get(self.id)
        after = self.site.lab.members(self.cluster)
        ids = (self.cluster.id, *(member.id for member in self.before))
        calls = [call for call in self.site.lab.api_calls()
                 if call["t"] >= self.since and any(one in call["path"] for one in ids)]
        return Outcome(
            id=self.id, state=found.state, state_info=found.state_info or "",
            result=json.loads(found.output or "{}"), before=self.before, after=after,
            journal=self.journal(), calls=calls, lock=self.site.environment("lock", self.cluster),
            held=self.site.environment("settings", self.cluster), origin=self.origin,
            target=self.target)

    def story(self) -> str:
        """For a failing test: what happened so far."""
        found = self.site.mistral.executions.get(self.id)
        events = [f"{one['t'] - self.since:.1f} {one['name']} {one['event']} {one['version']}"
                  for one in self.journal()]
        shown = self.site.shown(self.cluster)
        events += [f"Trove: {one['name']} {one['status']}" for one in shown]
        return f"{found.state} {found.state_info}\n" + "\n".join(events + self._open_tasks())

    def _open_tasks(self) -> list[str]:
        client = self.site.mistral
        tree = [self.id, *self.open_children()]
        tasks = [task for one in tree for task in client.tasks.list(workflow_execution_id=one)
                 if task.state not in ("SUCCESS", "ERROR")]
        return [f"open: {task.workflow_name} {task.name} {task.state} {task.state_info}; "
                + "; ".join(f"{one.state} {self._output(one.id)}"
                            for one in client.action_executions.list(task.id)[-3:])
                for task in tasks]

    def _output(self, action: str) -> str:
        """The beginning of it; one that is still running has none."""
        return (self.site.mistral.action_executions.get(action).output or "")[:200]

    def until_at_rest(self) -> None:
        """Wait until Trove calls all members ACTIVE."""
        self.until(lambda: {one["status"] for one in self.site.shown(self.cluster)} == {"ACTIVE"},
                   "Trove at rest")


def resume_when_paused(run: Run) -> Outcome:
    """An `act`: the facts at the pause; the run goes on."""
    paused = run.until_paused()
    run.resume()
    return paused


class Site:
    """A lab and an engine of this project on it; a context manager.

    ``secrets`` are the token and the members' password, which must turn up nowhere.
    ``engine_options`` are more keywords of EmbeddedEngine.
    """

    def __init__(self, directory: Path, engine_options: dict | None = None, **lab_options):
        who = "admin" if kind(lab_options.get("kind", "redis")).for_operators else "tenant"
        self.secrets = (f"{who}{secrets.token_hex(8)}", f"password{secrets.token_hex(8)}")
        chosen = {"swap_sec": 0.2, "stop_timeout_sec": 2, "node_timeout_ms": 4000,
                  "tenant": self.secrets[0], "password": self.secrets[1], **lab_options}
        self.use(Lab(**chosen))
        self.directory = directory
        self.engine_options = engine_options or {}
        self.engine: EmbeddedEngine | None = None

    def use(self, lab: Lab) -> None:
        """The lab, and what is remembered of its clusters."""
        self.lab, self.old, self.new = lab, lab.settings.old, lab.settings.new
        self._numbers = itertools.count(1)
        self._making, self._faults = threading.Lock(), threading.Lock()
        self._made: dict[str, list[str]] = defaultdict(list)     # faults by cluster

    def __enter__(self) -> "Site":
        self.lab.__enter__()
        try:
            env = {**os.environ, **self.lab.env(), **OUTAGES}
            self.engine = EmbeddedEngine(self.directory, env=env,
                                         access_dir=self.lab.access_dir,
                                         **self.engine_options).start(PATIENCE_SEC)
        except BaseException:
            self.lab.stop()
            raise
        self.connect()
        return self

    def __exit__(self, *_) -> None:
        self.engine.stop()
        self.lab.stop()

    def connect(self) -> None:
        """Clients of the engine as it runs now."""
        self.mistral = engine_client(self.engine.url, self.engine.token)
        self.upgrades = Upgrades(self.mistral)

    def restart_engine(self) -> None:
        """kill -9, then a start on the same file."""
        self.engine.kill()
        self.start_engine()

    def start_engine(self) -> None:
        """Start the engine again on the same file."""
        self.engine.start(PATIENCE_SEC)
        self.connect()

    @contextmanager
    def cluster(self, **shape):
        """A fresh cluster of the old version, deleted at the end."""
        with self._making:
            made = self.lab.create_cluster(f"c{next(self._numbers)}", **shape)
        try:
            yield made
        finally:
            self.mend(made)
            with suppress(Exception):       # paused and broken clusters can't be deleted
                self._delete(made)

    def shown(self, cluster: Cluster) -> list[dict]:
        """Its members as Trove shows them."""
        return self.lab.shown(cluster)[1]

    def _delete(self, cluster: Cluster) -> None:
        if not self.lab.kind.replicates:
            self.lab.client().clusters.delete(cluster.id)
            return
        instances = self.lab.client().instances
        for one in sorted(self.shown(cluster), key=lambda one: "replica_of" not in one):
            instances.delete(one["id"])        # Trove deletes no source that has replicas

    def break_member(self, cluster: Cluster, fault: str, number: int | str, **how) -> None:
        """A fault of the lab on member ``number`` ('*' for all), as it comes to the new version."""
        names = [one.name for one in self.lab.members(cluster)]
        for name in names if number == "*" else [names[number - 1]]:
            with self._faults:
                self._made[cluster.id].append(
                    self.lab.faults.member(fault, name, **{"version": self.new, **how}))

    def break_api(self, cluster: Cluster, fault: str, method: str, target: str, **how) -> None:
        """A fault of Trove's API at calls on one id, of a member or of the cluster."""
        with self._faults:
            self._made[cluster.id].append(
                self.lab.faults.api(fault, method, f"/{target}$", **how))

    def mend(self, cluster: Cluster) -> None:
        """Take all faults of a cluster back."""
        with self._faults:
            for fault in self._made.pop(cluster.id, []):
                self.lab.faults.clear(fault)

    @contextmanager
    def load(self, cluster: Cluster):
        """The write load on a cluster; small, because several run at once on this machine."""
        with self.lab.load(cluster, threads=2, rate=25, preload=200) as load:
            yield load

    def begin(self, cluster: Cluster, prepare=None, **inputs) -> Run:
        """Start an upgrade, after ``prepare(site, cluster, members)``."""
        before = self.lab.members(cluster)
        if prepare:
            prepare(self, cluster, before)
        since = time.time()
        key = "instance_id" if self.lab.kind.replicates else "cluster_id"
        chosen = {**QUICK, "datastore_version": self.new, key: cluster.id, **inputs}
        execution = self.upgrades.start(chosen)
        run = Run(self, cluster, execution, before, since)
        if chosen["datastore_version"] == self.old:
            run.target, run.origin = self.old, self.new
        return run

    def upgrade_to_end(self, cluster: Cluster, act=None, loaded: bool = False, **inputs) -> Outcome:
        """An upgrade to its end.

        :param act: called with the run once it has begun; what it returns is seen in the outcome.
        :param loaded: under the write load, which ends after the upgrade.
        :param inputs: as of `begin`.
        """
        with self.load(cluster) if loaded else nullcontext() as load:
            run = self.begin(cluster, **inputs)
            seen = act(run) if act else None
            found = run.end()
            found.seen, found.load = seen, load.stop() if load else None
        return found

    def upgrade_under_load(self, cluster: Cluster, act=None, **inputs) -> Outcome:
        """As `upgrade_to_end`; the outcome holds what the load says."""
        return self.upgrade_to_end(cluster, act, loaded=True, **inputs)

    def execute(self, workflow: str, **inputs) -> dict:
        """Run any workflow to its end; its output."""
        execution = self.upgrades.start(inputs, workflow)
        found = until(lambda: (now := self.mistral.executions.get(execution)).state
                      not in ("RUNNING", "IDLE") and now, f"the end of {workflow}", POLL_SEC)
        assert found.state == "SUCCESS", found.state_info
        return json.loads(found.output)

    def setting(self, member: Member, name: str) -> str:
        """A setting of a member's server, as it is now."""
        with native.connect(member.address, self.lab.settings) as client:
            return client.config_get(name)[name]

    def configure(self, member: Member, name: str, value: str) -> None:
        """Change a setting of a member's server."""
        with native.connect(member.address, self.lab.settings) as client:
            client.config_set(name, value)

    def environment(self, kind: str, cluster: Cluster) -> dict | None:
        """Variables of Mistral's environment ``trove_upgrade.<kind>.<cluster>``, or None."""
        name = f"trove_upgrade.{kind}.{cluster.id}"
        found = [one for one in self.mistral.environments.list() if one.name == name]
        if not found:
            return None
        variables = found[0].variables      # not asked for by its name: it may be gone by then
        return json.loads(variables) if isinstance(variables, str) else variables

    def set_lock(self, cluster: Cluster, **changes) -> None:
        """What an operator asks of a running upgrade: abort, pause_after."""
        name = f"trove_upgrade.lock.{cluster.id}"
        held = self.environment("lock", cluster)
        self.mistral.environments.update(name=name, variables={**held, **changes})

    def leaks(self) -> list[str]:
        """Files of the engine in which a secret stands.

        The lab's token is its project's id as well, which may stand in a URL of Trove.
        """
        allowed = f"/v1.0/{self.secrets[0]}".encode()
        texts = {path.name: path.read_bytes().replace(allowed, b"")
                 for path in self.directory.iterdir() if path.is_file()}
        return [f"{name}: {secret[:8]}" for name, text in texts.items() for secret in self.secrets
                if secret.encode() in text]

    def unexpected(self) -> list[str]:
        """Lines of the engine's log that tell of a fault in the pack itself."""
        return self.unexpected_in(self.engine.files.log.read_text(errors="replace"))

    @staticmethod
    def unexpected_in(log: str) -> list[str]:
        """The same of any log's text."""
        words = ("Unexpected error in an action", "YaqlEvaluationException",
                 "Failed to evaluate", "Could not revive")
        return [line[:300] for line in log.splitlines() if any(word in line for word in words)]


@contextmanager
def clean_site(directory, engine_options=None, **lab_options):
    """A site that must have kept its secrets and hit nothing unexpected."""
    with Site(directory, engine_options, **lab_options) as site:
        yield site
        site.engine.stop()
        assert site.unexpected() == []
        assert site.leaks() == [], "a secret is in the engine's files"
