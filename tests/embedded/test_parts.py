"""What workflows/upgrade.yaml builds on: how Mistral hands inputs, results and failures on."""
import contextlib
import json
import sqlite3

from tests.waits import until

LASTING = """
version: '2.0'
sample.lasting:
  tasks:
    go: {action: std.noop, wait-before: 4}
"""
TIMED = """
version: '2.0'
sample.timed:
  tasks:
    call:
      workflow: sample.lasting
      timeout: 1
      retry: {count: 1, delay: 1}
"""
TIMEOUTS = """
version: '2.0'
sample.timeouts:
  tasks:
    at_once: {action: std.noop, timeout: 3600}
"""
GIVEN = {"fault": False, "delay_sec": 0, "count": 20}


def output(execution):
    return json.loads(execution.output)


def test_an_execution_knows_its_input_with_the_defaults_filled_in(engine, mistral):
    client = mistral(engine.client_url)
    found = output(client.end(client.start("sample.entry", fault=False)))
    assert found == {"read": GIVEN, "published": GIVEN, "failure": None}


def test_a_failed_part_tells_the_results_of_its_failed_tasks(engine, mistral):
    client = mistral(engine.client_url)
    ended = client.end(client.start("sample.entry", fault=True))
    assert (ended.state, ended.state_info) == ("ERROR", "The part failed.")
    assert output(ended)["failure"] == [{"code": "broken"}]


def test_a_part_that_ends_while_paused_is_heard_after_the_resume(engine, mistral):
    client = mistral(engine.client_url)
    run = client.start("sample.entry", fault=False, delay_sec=3)
    executions, actions = client.client.executions, client.client.action_executions
    part = until(lambda: list(executions.list(root_execution_id=run)))[0].id
    mine = until(lambda: [
        action for task in client.client.tasks.list(workflow_execution_id=part)
        for action in actions.list(task_execution_id=task.id) if action.name == "std.echo"])[0].id
    executions.update(run, "PAUSED")
    until(lambda: actions.get(mine).state == "SUCCESS")
    executions.update(run, "RUNNING")
    ended = client.end(run)
    assert ended.state == "SUCCESS"
    given = GIVEN | {"delay_sec": 3}
    assert output(ended) == {"read": given, "published": given, "failure": None}


def test_the_timeout_of_a_task_outlasts_it(engine, mistral):
    """Why none of our tasks has one, see docs/decisions/0032-trust.md: the job, which holds its
    caller's token, stays for as long as the timeout when the run is over."""
    client = mistral(engine.client_url)
    client.client.workflows.create(TIMEOUTS)
    assert client.end(client.start("sample.timeouts")).state == "SUCCESS"
    with contextlib.closing(sqlite3.connect(engine.files.database)) as database:
        left = [json.loads(arguments)["timeout"] for name, arguments in database.execute(
            "SELECT func_name, func_args FROM scheduled_jobs_v2")
            if name.endswith("fail_task_if_incomplete")]
    assert 3600 in left


def test_what_a_task_has_called_goes_on_after_the_timeout_beside_the_next_try(engine, mistral):
    """The other reason, see there."""
    client = mistral(engine.client_url)
    for text in (LASTING, TIMED):
        client.client.workflows.create(text)
    run = client.start("sample.timed")
    until(lambda: [one.state for one in client.client.executions.list(root_execution_id=run)]
          == ["RUNNING", "RUNNING"])
    assert client.end(run).state == "SUCCESS"
