"""docs/examples/mistral-policy.yaml in a running Mistral, beside the upgrades of all others: who
only reads changes nothing, and still sees what goes on."""
import pytest

from tests.cloud.runs import ENDED, FAR, TWO, Runs
from tests.waits import until

XDIST_GROUP = "scope"
CLOUD = FAR
WORKFLOW = "version: '2.0'\nreaders.own:\n  tasks:\n    go: {action: std.noop}\n"
ACTION = "version: '2.0'\nreaders.own:\n  base: std.noop\n"
NOTE = {"name": "readers", "variables": {"abort": True}}
CHANGES = [
    ("POST", "workflows", WORKFLOW), ("POST", "actions", ACTION),
    ("POST", "executions", {"workflow_name": "trove_upgrade.cluster", "input": {
        "cluster_id": "any", "datastore_version": "any", "dry_run": True}}),
    ("PUT", "executions/{run}", {"state": "RUNNING"}), ("DELETE", "executions/{run}", None),
    ("PUT", "tasks/{task}", {"id": "{task}", "state": "RUNNING", "reset": True}),
    ("POST", "action_executions", {"name": "std.noop", "input": "{{}}"}),
    ("PUT", "action_executions/{action}", {"state": "SUCCESS", "output": {"result": 1}}),
    ("POST", "environments", NOTE), ("PUT", "environments", NOTE),
    ("DELETE", "environments/readers", None),
    ("POST", "cron_triggers", {"name": "readers", "pattern": "* * * * *",
                               "workflow_name": "trove_upgrade.cluster"})]


@pytest.fixture(scope="module")
def ids(cloud):
    """A run of demo's that has ended, the task of it that failed, and what that task has called."""
    demo = Runs(cloud)
    run = demo.mistral.executions.create("trove_upgrade.finalize", workflow_input={
        "cluster_id": "nope", "region": TWO}).id
    until(lambda: demo.state(run) in ENDED, "a run that is refused")
    task = next(one.id for one in demo.mistral.tasks.list(workflow_execution_id=run)
                if one.name == "take_lock")
    return {"run": run, "task": task,
            "action": demo.mistral.action_executions.list(task_execution_id=task)[0].id}


@pytest.mark.parametrize(("method", "path", "body"), CHANGES,
                         ids=[f"{method} {path}" for method, path, _ in CHANGES])
def test_a_reader_changes_nothing(cloud, ids, method, path, body):
    text = isinstance(body, str)
    if not text and body:
        body = {key: value.format(**ids) if isinstance(value, str) else value
                for key, value in body.items()}
    answer = cloud.session("reader").request(
        f"{cloud.engine.url}/{path.format(**ids)}", method, raise_exc=False, authenticated=True,
        **({"data": body, "headers": {"Content-Type": "text/plain"}} if text else {"json": body}))
    assert answer.status_code == 403, answer.text
    assert "insufficient permissions" in answer.text


@pytest.mark.parametrize("path", ["executions/{run}", "executions", "executions/{run}/tasks",
                                  "tasks/{task}", "workflows", "environments"])
def test_a_reader_sees_what_goes_on(cloud, ids, path):
    answer = cloud.session("reader").get(f"{cloud.engine.url}/{path.format(**ids)}")
    assert answer.status_code == 200
