"""Upgrades of a simulated datastore on the embedded engine, which is killed and hangs, and whose
Trove is away or loses its answers."""
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path

from trove_upgrade.embedded import EmbeddedEngine
from trove_upgrade.interfaces.session import engine_client
from trove_upgrade.interfaces.upgrades import Upgrades
from trove_upgrade.planning.executions import ENDED
from trove_upgrade.planning.lock_names import LOCK
from trove_upgrade.services.record import RUN

from tests.chaos.campaign import Ground, lasting, until_true
from tests.waits import PATIENCE_SEC, SCALE

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import instant  # noqa: E402

MEMBERS = 4
AWAY_SEC, LATE_SEC = 0.5, 2.0       # in which a member is upgraded; that an answer takes
END_SEC = 900 * SCALE       # in which an upgrade ends, with all that happens to it
POLL_SEC = 0.5
TWICE = "was asked twice for"


class Trove(instant.Double):
    """As `instant.Double`, with members that are away for a moment and a Trove that breaks.

    As Trove itself it records the version when it is asked, and takes every request. A broken
    member comes back on the version that it had. ``trouble``: "" or what becomes of a request:
    `refused` (503, nothing is done), `lost` (done, and not answered), `late` (done after a pause).
    """

    def __init__(self):
        super().__init__()
        self.trouble, self.broken, self.wrong = "", set(), {}
        self._guard = threading.RLock()

    def answer(self, method, path, body):
        trouble = "" if path == "/facts" else self.trouble      # that is the members' own word
        if trouble == "refused":
            return 503, {"serviceUnavailable": {"message": "away", "code": 503}}
        if trouble == "late":
            time.sleep(LATE_SEC)
        with self._guard:
            found = super().answer(method, path, body)
        return None if trouble == "lost" else found

    def _settle(self, row):
        if row.get("back_at", 0) and time.monotonic() >= row["back_at"]:
            row.update(back_at=0, starts=row["starts"] + 1)
            if row["name"] not in self.broken:
                row["runs"] = row["version"]

    def _facts(self, row):
        with self._guard:
            self._settle(row)
            away = bool(row.get("back_at"))
            return (False, "", "") if away else (True, runs(row), str(row["starts"]))

    def _instance(self, instance, full=False):
        row = self.instances[instance]
        self._settle(row)
        status = "UPGRADE" if row.get("back_at") else "ACTIVE"
        return {**super()._instance(instance, full), "status": status}

    def _upgrade(self, instance, version_id):
        row = self.instances[instance]
        cluster = [self.instances[one] for one in self.clusters[row["cluster"]]]
        for one in cluster:
            self._settle(one)
        wanted = next(name for name, one in self.versions.items() if one == version_id)
        if wanted == row["version"]:
            self._found(row, f"{row['name']} {TWICE} {wanted}")
        if any(one.get("back_at") for one in cluster):
            self._found(row, f"{row['name']} was upgraded while another one was away")
        row.update(version=wanted, back_at=time.monotonic() + AWAY_SEC)
        return 202, None

    def _found(self, row, wrong):
        self.wrong.setdefault(row["cluster"], []).append(wrong)

    def versions_of(self, cluster):
        """The versions that the members run."""
        with self._guard:
            return [runs(self.instances[one]) for one in self.clusters[cluster]]


def runs(row):
    """The version that a member's server runs."""
    return row.get("runs", instant.OLD)


class Simulated(Ground):
    """The embedded engine, and clusters of a datastore that there is not; a context manager."""

    lanes = 4
    seconds = (0.2, 0.5, 1, 2, 5, 10)

    def __init__(self, directory: Path):
        super().__init__()
        self._directory, self._stack = directory, contextlib.ExitStack()
        self._planned_anew = set()      # runs whose plan was not in the backup

    def __enter__(self):
        self.trove = self._stack.enter_context(instant.double(Trove()))
        env = {**os.environ, **self.trove.env(), **instant.install(self._directory / "site")}
        self.engine = self._stack.enter_context(EmbeddedEngine(self._directory / "engine", env=env))
        return self

    def __exit__(self, *_):
        self._stack.close()

    def ask(self, statement, *values):
        address = f"file:{self.engine.files.database}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as database:
            return database.execute(statement, values).fetchall()

    def wait_repaired(self):
        """`EmbeddedEngine.start` has waited for it."""

    def upgrade(self, one, chance, begun):
        with self.trove._guard:
            cluster = self.trove.create_cluster(MEMBERS)
            names = [f"{cluster[:8]}-{number}" for number in range(MEMBERS)]
            for member, name in zip(self.trove.clusters[cluster], names, strict=True):
                self.trove.instances[member]["name"] = name
        if chance.random() < 0.4:
            # Not the first, or there is nothing to be rolled back.
            number = chance.randrange(1, MEMBERS)
            one.broken = f"member {number + 1} keeps its version"
            self.trove.broken.add(names[number])
        with self.calm:
            run = Upgrades(self.mistral()).start({
                "cluster_id": cluster, "datastore_version": instant.NEW, "bake_sec": 0,
                "canary": False, "member_timeout_sec": int(60 * SCALE)})
        begun(run)
        if not until_true(lambda: self._judged(one, cluster, run), END_SEC, POLL_SEC):
            one.end, one.wrong = "RUNNING", f"{run} had not ended after {END_SEC:g} s"

    def _judged(self, one, cluster, run):
        """Whether it has ended; not while something is broken: a restored database may not know."""
        with self.calm:
            state, output = self.ask(
                "select state, output from workflow_executions_v2 where id = ?", run)[0]
            if state in ENDED:
                self._judge(one, cluster, run, state, output)
        return state in ENDED

    def _judge(self, one, cluster, run, state, output):
        one.end = json.loads(output or "{}").get("status") or state
        wrong, versions = self.trove.wrong.get(cluster, []), self.trove.versions_of(cluster)
        wanted, version = ("rolled_back", instant.OLD) if one.broken else ("upgraded", instant.NEW)
        if run in self._planned_anew:       # what it did before is nobody's: done, or asked anew
            wrong = [told for told in wrong if TWICE not in told]
        elif one.end != wanted or set(versions) != {version}:
            wrong.append(f"{one.end}, not {wanted}; the members run {versions}: {run} {output}")
        if self.ask("select name from environments_v2 where name = ?", LOCK + cluster):
            wrong.append("the lock was not given back")
        one.wrong = "; ".join(wrong)[:3000]

    def mistral(self):
        return engine_client(self.engine.url, self.engine.token)

    def start_again(self):
        self.engine.start(PATIENCE_SEC)

    def kill_twice(self, seconds):
        """Once more while it goes on with what it finds."""
        self.engine.kill()
        self.start_again()
        time.sleep(seconds)
        self.engine.kill()
        self.start_again()

    def restore(self, seconds):
        """From a backup of so many seconds ago, while the members are where they are."""
        kept, own = self._directory / "backup.sqlite", self.engine.files.database
        with contextlib.closing(sqlite3.connect(own)) as database, \
                contextlib.closing(sqlite3.connect(kept)) as backup:
            database.backup(backup)
            self._planned_anew |= {run for run, in backup.execute("""
                select id from workflow_executions_v2 where state = 'RUNNING'
                and root_execution_id is null and not exists (
                    select 1 from environments_v2 where name = ? || id)""", (RUN,))}
        time.sleep(seconds)
        self.engine.kill()
        for path in own.parent.glob(f"{own.name}*"):
            path.unlink()
        shutil.copy(kept, own)
        self.start_again()

    def signal(self, number):
        os.kill(self.engine.pid, number)

    def _trouble(kind):
        def begin(ground):
            ground.trove.trouble = kind

        def end(ground):
            ground.trove.trouble = ""
        return lasting(begin, end)

    faults = {
        "engine killed": lasting(lambda one: one.engine.kill(), start_again),
        "engine killed twice": kill_twice,
        "engine hangs": lasting(lambda one: one.signal(signal.SIGSTOP),
                                lambda one: one.signal(signal.SIGCONT)),
        "database restored from a backup": restore,
        "Trove refuses": _trouble("refused"),
        "Trove's answers lost": _trouble("lost"),
        "Trove's answers late": _trouble("late"),
        "results sent again": Ground.send_again,
    }
