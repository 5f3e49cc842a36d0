"""Upgrades of Valkey clusters under load on a Mistral service, whose processes, broker and database
are killed, hang, and don't reach each other."""
import contextlib
import signal
import time

from tests.chaos.campaign import Ground, lasting, until_true
from tests.distributed.conftest import clean_site
from tests.distributed.site import WIDE
from tests.end_to_end.invariants import assert_invariants
from tests.waits import SCALE

END_SEC = 1800 * SCALE      # in which an upgrade ends, with all that happens to it
POLL_SEC = 2.0


class Service(Ground):
    """A cloud whose Mistral is a service of many processes; a context manager."""

    lanes = 3
    seconds = (5, 5, 5, 10, 10, 15, 20, 30, 60, 120)

    def __init__(self, _):
        super().__init__()
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        self.site = self._stack.enter_context(clean_site())
        self.service = self.site.engine
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def ask(self, statement, *values):
        return self.service.database.ask(statement.replace("?", "%s"), *values)

    def mistral(self):
        return self.site.mistral

    def wait_repaired(self):
        for node in self.service.nodes.values():
            node.wait()
        self.service.proxy.wait()

    def upgrade(self, one, chance, begun):
        shape, wide = chance.random(), chance.random() < 0.5
        with self.site.cluster() as cluster:
            if shape < 0.4:
                fault = chance.choice(("does_not_start", "wrong_version", "never_starts"))
                number = chance.choice((1, 2, 3, 5, 6))     # who is first has nothing before it
                one.broken = f"member {number} {fault.replace('_', ' ')}"
                self.site.break_member(cluster, fault, number)
            with self.site.load(cluster) as load:
                with self.calm:
                    run = self.site.begin(cluster, member_timeout_sec=int(60 * SCALE),
                                          **(WIDE if wide else {}))
                begun(run.id)
                until_true(lambda: run.state not in ("RUNNING", "IDLE", "PAUSED"), END_SEC,
                           POLL_SEC)
                with self.calm:
                    self._judge(one, run, load, 3 if wide else 1)

    def _judge(self, one, run, load, together):
        if run.state in ("RUNNING", "IDLE", "PAUSED"):
            one.end, one.wrong = run.state, f"not ended: {run.story()}"[:3000]
            return
        found = run.end()
        found.load = load.stop()
        one.end = found.result.get("status", found.state)
        wanted = "rolled_back" if one.broken else "upgraded"
        # Who died in the first step took the caller's token with him.
        refused = found.codes() == {"no_token"} and not found.stops()
        wrong = [] if one.end == wanted or refused else [
            f"{one.end}, not {wanted}: {found.state_info} {found.result.get('errors')}"]
        try:
            assert_invariants(found, together)
        except AssertionError as error:
            wrong.append(" ".join(str(error).split()))
        one.wrong = "; ".join(wrong)[:3000]

    def start_again(self, *names):
        for name in names:
            self.service.nodes[name].start()

    def reach_no_member(self, seconds):
        """Two executors of three."""
        with self.site.cut_off("executor-1", "executor-2"):
            time.sleep(seconds)

    def replace(self, _):
        """SIGTERM and a new start, one after another."""
        for node in self.service.nodes.values():
            node.restart()

    def _killed(*names):
        return lasting(lambda one: one.service.kill(*names), lambda one: one.start_again(*names))

    def _hang(*names):
        return lasting(lambda one: [one.service.freeze(name) for name in names],
                       lambda one: [one.service.thaw(name) for name in names])

    def _part(name, begin, end):
        """A fault of the broker or the database itself, by names of their methods."""
        return lasting(lambda one: getattr(getattr(one.service, name), begin)(),
                       lambda one: getattr(getattr(one.service, name), end)())

    def _way(name, begin, end):
        """A fault of the way there: tests/distributed/relay.py."""
        return lasting(lambda one: getattr(getattr(one.site, name), begin)(),
                       lambda one: getattr(getattr(one.site, name), end)())

    def _stop(name):
        return lasting(lambda one: getattr(one.service, name).signal(signal.SIGSTOP),
                       lambda one: getattr(one.service, name).signal(signal.SIGCONT))

    faults = {
        "executor killed": _killed("executor-1"),
        "executors killed": _killed("executor-1", "executor-2", "executor-3"),
        "engine killed": _killed("engine-1"),
        "engines killed": _killed("engine-1", "engine-2"),
        "executor hangs": _hang("executor-1"),
        "executors hang": _hang("executor-1", "executor-2", "executor-3"),
        "engine hangs": _hang("engine-2"),
        "APIs away": _killed("api-1", "api-2"),
        "broker killed": _part("broker", "kill", "start"),
        "broker hangs": _stop("broker"),
        "database killed": _part("database", "kill", "start"),
        "database hangs": _stop("database"),
        "executor cut off from the broker, refused": _way("to_broker", "refuse", "renew"),
        "executor cut off from the broker, lost": _way("to_broker", "swallow", "renew"),
        "executor's messages late": _way("to_broker", "swallow", "deliver"),
        "engine cut off from the database, refused": _way("to_database", "refuse", "renew"),
        "engine cut off from the database, lost": _way("to_database", "swallow", "renew"),
        "executors reach no member": reach_no_member,
        "results sent again": Ground.send_again,
        "all replaced in turn": replace,
    }
