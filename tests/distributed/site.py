"""Upgrades on a Mistral of many processes, begun and watched as demo."""
import os
from contextlib import contextmanager
from pathlib import Path

from trove_upgrade.interfaces.upgrades import Upgrades
from trove_upgrade.lab.files import write_atomically

from tests.distributed.relay import Relay
from tests.end_to_end.invariants import assert_invariants
from tests.end_to_end.site import NEW, Site
from tests.waits import until

CUT, WITHOUT = (Path(__file__).parent / name for name in ("cut", "without"))
WIDE = {"parallelism": "domain", "canary": False}


class ServiceSite(Site):
    """A site whose Mistral is a service of a cloud.

    ``to_broker`` is the way of executor-1 to the broker, ``to_database`` that of engine-1.

    :param cut: the directory that cut/sitecustomize.py looks into.
    """

    def __init__(self, cloud, cut):
        self.cloud, self._cut = cloud, cut
        self.use(cloud.lab)
        self.engine = cloud.engine
        self.mistral = cloud.mistral("demo")
        self.upgrades = Upgrades(self.mistral)
        self.to_broker = self._relay("executor-1", "DEFAULT", "transport_url")
        self.to_database = self._relay("engine-1", "database", "connection")

    def _relay(self, node, *option):
        return Relay(self.engine.nodes[node], self.engine.directory, option)

    @contextmanager
    def cut_off(self, *names):
        """These nodes don't reach the members."""
        for name in names:
            write_atomically(self._cut / name, self.lab.settings.network)
        try:
            yield
        finally:
            for name in names:
                (self._cut / name).unlink()

    @contextmanager
    def without_client(self, *names):
        """These nodes can't import the client of the members' driver."""
        nodes = [self.engine.nodes[name] for name in names]
        own = os.environ["PYTHONPATH"]
        self._restart(nodes, f"{WITHOUT}:{own}")
        try:
            yield
        finally:
            self._restart(nodes, own)

    @staticmethod
    def _restart(nodes, path):
        for node in nodes:
            node.process.kill()
            node.env["PYTHONPATH"] = path
            node.start()
        for node in nodes:
            node.wait()

    def environment(self, kind, cluster):
        """Those of a run belong to the service's project."""
        own, self.mistral = self.mistral, self.cloud.mistral("mistral")
        try:
            return super().environment(kind, cluster)
        finally:
            self.mistral = own

    def unexpected(self):
        """Lines of the logs that tell of a fault in the pack itself."""
        return [line for node in self.engine.nodes.values()
                for line in self.unexpected_in(node.log.read_text(errors="replace"))]

    def actions_at_work(self, run):
        """Names of the actions of an execution's tree that are asked for and not over."""
        return [name for name, in self.engine.database.ask("""
            select a.name from action_executions_v2 a
            join task_executions_v2 t on t.id = a.task_execution_id
            join workflow_executions_v2 w on w.id = t.workflow_execution_id
            where a.state = 'RUNNING' and (w.id = %s or w.root_execution_id = %s)""", run, run)]

    def open_rows(self):
        """What of all runs is not over in Mistral's database: (table, name, state)."""
        return [(table, *row) for table in ("workflow_executions_v2", "task_executions_v2",
                                            "action_executions_v2")
                for row in self.engine.database.ask(
                    f"select name, state from {table} "  # noqa: S608
                    "where state not in ('SUCCESS', 'ERROR', 'CANCELLED', 'SKIPPED')")]

    def until_at_rest(self):
        """Wait until nothing is left running in Mistral's database."""
        until(lambda: not self.open_rows(), "all rows over", story=self.open_rows)


def assert_upgraded(found):
    """As if nothing had happened but time."""
    assert found.result["status"] == "upgraded", found.result
    assert found.versions() == {NEW}
    assert_invariants(found, together=3)
