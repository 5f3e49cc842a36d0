"""What an engine took with it is sent again, in each state that a lost message leaves."""
import re

from tests.embedded.conftest import FLOWS
from tests.embedded.test_restart import LOST, WAVES, assert_done, ids
from tests.waits import until

XDIST_GROUP = "distributed"
# Those that no executor repeats; the last as if the executor's death had been noticed before.
LOST_BY_ENGINES = {
    **{what: LOST[what] for what in ("start of a task", "end of a sub-workflow",
                                     "look at a workflow")},
    "end of a sub-workflow of no project": [
        *LOST["end of a sub-workflow"],
        "UPDATE workflow_executions_v2 SET project_id = NULL WHERE id = :child"],
    "end of a pause between tries": [
        "UPDATE action_executions_v2 SET state = 'ERROR' WHERE id = :action",
        "UPDATE task_executions_v2 SET state = 'DELAYED' WHERE id = :task"]}


class Demo:
    """What ``tests.embedded`` ask of an engine."""

    def __init__(self, site):
        self.client = site.mistral

    def start(self, **inputs):
        return self.client.executions.create("trove_upgrade.sample_roll", workflow_input=inputs).id

    def end(self, execution):
        return until(lambda: (found := self.client.executions.get(execution)).state
                     not in ("RUNNING", "PAUSED", "IDLE") and found, "the end")


def change(database, statements, names):
    """As an engine that died would have left them; :name stands for an id."""
    for statement in statements:
        written, wanted = re.sub(r":(\w+)", "%s", statement), re.findall(r":(\w+)", statement)
        database.ask(written, *(names[one] for one in wanted))


def test_each_message_that_is_lost_with_an_engine_is_made_good(site):
    for path in FLOWS.glob("*.yaml"):
        text = path.read_text().replace("sample.", "trove_upgrade.sample_")
        site.mistral.workflows.create(text)
    demo, service = Demo(site), site.engine
    started = {lost: demo.start(waves=WAVES, delay_sec=20) for lost in LOST_BY_ENGINES}
    until(lambda: len(demo.client.action_executions.list(state="RUNNING", name="std.echo"))
          == len(started), "all at work")
    names = {lost: ids(demo.client, execution) for lost, execution in started.items()}
    service.kill("engine-1", "engine-2")
    for lost, statements in LOST_BY_ENGINES.items():
        change(service.database, statements, names[lost])
    for node in service.named("engine"):
        node.start()
    for execution in started.values():
        assert_done(demo, execution)
    site.until_at_rest()
