"""What Prometheus is told of upgrades. Pure: a reading of Mistral in, metrics out.

No label grows with the clusters: there are neither ids nor names in them, and values that people or
servers choose are bounded.
"""
import dataclasses
import re
from collections import Counter as Tally

from prometheus_client import Counter, Gauge, Histogram

from ..planning.lock_names import LOCK, QUEUE
from .progress import MEMBER, PREFIX, ROLLBACK, as_object, seconds

RECORD, WAVE = "trove_upgrade.run.", "trove_upgrade.wave."      # environments: services/record.py
SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+~-]{0,40}")
OTHER = "other"
MOST = 60           # values of a label
LENGTHS = {"upgrade_wave": "wave", "await_evidence": "away", "choose_wave": "gate"}   # tasks


@dataclasses.dataclass
class Reading:
    """What Mistral says at one moment; executions and tasks are dicts as its API gives them.

    :ivar now: seconds since the epoch.
    :ivar upgrades: executions that people have started and that have not ended.
    :ivar ended: those that have ended since the last reading.
    :ivar tasks: tasks that have ended since then.
    :ivar retried: actions that have failed since then and were tried again.
    :ivar gates: how many upgrades wait until it is safe to go on.
    :ivar members: names of the workflows of members that run.
    :ivar notes: the pack's environments by name, each with its variables and when it was created.
    """

    now: float
    upgrades: list[dict]
    ended: list[dict]
    tasks: list[dict]
    retried: list[dict]
    gates: int
    members: list[str]
    notes: dict[str, tuple[dict, float]]


class Bounded:
    """The values of a label: what is odd, or one too many, is called other."""

    def __init__(self):
        self._known = set()

    def __call__(self, value):
        """Return the value, or ``other``."""
        value = str(value)
        if value not in self._known and (len(self._known) >= MOST or not PLAIN.fullmatch(value)):
            return OTHER
        self._known.add(value)
        return value


class Metrics:
    """All metrics; :meth:`take` brings them to a reading.

    ``now`` are those that only hold while Mistral can be read, ``ever`` those that count.
    """

    def __init__(self):
        def gauge(name, text, *labels):
            return Gauge(f"trove_upgrade_{name}", text, labels, registry=None)

        def histogram(name, text):
            return Histogram(f"trove_upgrade_{name}_seconds", text, registry=None, buckets=SECONDS)
        self.up = gauge("up", "Whether Mistral could be read")
        self.upgrades = gauge("upgrades", "Upgrades that have not ended", "state")
        self.queue = gauge("queue", "Upgrades that wait for their turn")
        self.members = gauge("members", "Members of clusters under upgrade, by the version that "
                             "they run", "datastore", "version")
        self.under_way = gauge("members_under_way", "Members that are worked on", "work")
        self.gates = gauge("gates_waiting", "Upgrades that wait until it is safe to go on")
        self.locks = gauge("locks", "Clusters that are locked")
        self.lock_age = gauge("lock_age_seconds", "Age of the oldest lock; 0 without any")
        self.now = (self.upgrades, self.queue, self.members, self.under_way, self.gates,
                    self.locks, self.lock_age)
        self.ended = Counter("trove_upgrade_ended", "Upgrades that have ended, dry runs included",
                             ["status"], registry=None)
        self.failures = Counter("trove_upgrade_failures", "Errors that ended upgrades", ["code"],
                                registry=None)
        self.retries = Counter("trove_upgrade_retries", "Steps that were tried again", ["action"],
                               registry=None)
        self.lengths = {
            "wave": histogram("wave", "How long the members of a wave took together"),
            "away": histogram("member_away", "From the request to a member's evidence"),
            "gate": histogram("gate", "How long was waited until it was safe to go on")}
        self.ever = (self.ended, self.failures, self.retries, *self.lengths.values())
        self._labels = {name: Bounded() for name in ("status", "code", "action", "datastore",
                                                     "version")}
        for state in ("running", "paused"):
            self.upgrades.labels(state)

    def take(self, reading):
        """Bring all to the reading."""
        for each in self.now:
            each.clear()
        self._upgrades(reading)
        self._notes(reading)
        self.gates.set(reading.gates)
        for work, workflow in (("upgrade", MEMBER), ("rollback", ROLLBACK)):
            self.under_way.labels(work).set(reading.members.count(workflow))
        for one in reading.ended:
            self._end(one)
        for one in reading.tasks:
            self._task(one)
        for one in reading.retried:
            self.retries.labels(self._label("action", one["name"].removeprefix(PREFIX))).inc()

    def _label(self, name, value):
        return self._labels[name](value)

    def _upgrades(self, reading):
        states = Tally("paused" if one["state"] == "PAUSED" else "running"
                       for one in reading.upgrades)
        for state in ("running", "paused"):
            self.upgrades.labels(state).set(states[state])
        tickets = [reading.notes.get(QUEUE + one["id"]) for one in reading.upgrades]
        self.queue.set(sum(one is not None and not one[0].get("admitted") for one in tickets))

    def _notes(self, reading):
        born = [created for name, (_, created) in reading.notes.items() if _is_lock(name)]
        self.locks.set(len(born))
        self.lock_age.set(max(0.0, reading.now - min(born)) if born else 0.0)
        found: Tally = Tally()
        for one in reading.upgrades:
            record, _ = reading.notes.get(RECORD + one["id"], ({}, 0))
            wave, _ = reading.notes.get(WAVE + one["id"], ({}, 0))
            found.update(self._versions(as_object(record.get("plan")), wave.get("done")))
        for (datastore, version), count in found.items():
            self.members.labels(datastore, version).set(count)

    def _versions(self, plan, done):
        """Yield the labels of each member of a run."""
        new = as_object(plan.get("to_version")).get("number")
        for one in _objects(plan.get("members")):
            there = one.get("done") or one.get("id") in (done if isinstance(done, list) else ())
            yield (self._label("datastore", as_object(plan.get("cluster")).get("datastore")),
                   self._label("version", (new if there else one.get("version")) or "unknown"))

    def _end(self, one):
        answer = as_object(one.get("output"))
        status = answer.get("status") or one["state"].lower()
        self.ended.labels(self._label("status", status)).inc()
        for error in _objects(answer.get("errors")):
            self.failures.labels(self._label("code", error.get("code", OTHER))).inc()

    def _task(self, one):
        began, ended = seconds(one["created_at"]), seconds(one["updated_at"])
        if (what := LENGTHS.get(one["name"])) and began and ended:
            self.lengths[what].observe(max(0.0, ended - began))


def _objects(value):
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _is_lock(name):
    return name.startswith(LOCK) and ".takeover." not in name
