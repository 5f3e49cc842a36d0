"""kill -9, then a start on the same file: the work ends by itself."""
import contextlib
import json
import random
import sqlite3
import time

from tests.waits import until

WAVES = [["a"], ["b", "c"], ["d"]]
DONE = ["a", "b", "c", "d"]

ACTION_DONE = "UPDATE action_executions_v2 SET state = 'SUCCESS', accepted = 1 WHERE id = :action"
TASK_DONE = "UPDATE task_executions_v2 SET state = 'SUCCESS', processed = 1 WHERE id = :task"
# What the file looks like when a message was lost, by the message; see embedded/revive.py.
LOST = {
    "result of an action": [],
    "request of a repeatable action":
        ["UPDATE action_executions_v2 SET name = 'std.noop', input = '{}' WHERE id = :action"],
    "start of a task": [
        "DELETE FROM action_executions_v2 WHERE id = :action",
        "UPDATE task_executions_v2 SET state = 'IDLE' WHERE id = :task"],
    "end of a sub-workflow": [
        ACTION_DONE, TASK_DONE,
        "UPDATE workflow_executions_v2 SET state = 'SUCCESS', accepted = 1 WHERE id = :child"],
    "look at a workflow": [ACTION_DONE, TASK_DONE]}


def ids(client, execution):
    """The ids of the sub-workflow, the task and the action that run in an execution."""
    child = client.executions.list(root_execution_id=execution, state="RUNNING")[0]
    task = client.tasks.list(workflow_execution_id=child.id)[0]
    return {"child": child.id, "task": task.id,
            "action": client.action_executions.list(task_execution_id=task.id)[0].id}


def change(engine, statements, names):
    with contextlib.closing(sqlite3.connect(engine.files.database)) as connection:
        for statement in statements:
            assert connection.execute(statement, names).rowcount == 1, statement
        connection.commit()


def assert_done(client, execution):
    ended = client.end(execution)
    assert ended.state == "SUCCESS", ended.state_info
    assert json.loads(ended.output)["done"] == DONE      # and not an early SUCCESS


def test_each_lost_message_is_made_good(mistral, make_engine):
    engine = make_engine()
    client = mistral(engine.client_url)
    started = {lost: client.start("sample.roll", waves=WAVES, delay_sec=8) for lost in LOST}
    until(lambda: len(client.client.action_executions.list(
        state="RUNNING", name="std.echo")) == len(LOST), "all at work")
    names = {lost: ids(client.client, execution) for lost, execution in started.items()}
    engine.kill()
    for lost, statements in LOST.items():
        change(engine, statements, names[lost])
    client = mistral(engine.start().client_url)
    for execution in started.values():
        assert_done(client, execution)
    failed = client.client.action_executions.list(state="ERROR")
    assert [one.id for one in failed] == [names["result of an action"]["action"]]
    output = json.loads(client.client.action_executions.get(failed[0].id).output)
    assert (output["result"]["code"], output["result"]["class"]) == ("engine_restarted", "retry")


def test_killed_at_any_moments_all_work_still_ends(mistral, make_engine):
    moments = random.Random(20)
    engine = make_engine()
    executions = [mistral(engine.client_url).start("sample.roll", waves=WAVES) for _ in range(4)]
    for _ in range(4):
        time.sleep(moments.uniform(0, 0.8))     # the fault is injected at a random moment
        engine.kill()
        engine.start()
    for execution in executions:
        assert_done(mistral(engine.client_url), execution)


def test_a_paused_execution_stays_paused(mistral, make_engine):
    engine = make_engine()
    execution = mistral(engine.client_url).start("sample.roll", waves=WAVES)
    mistral(engine.client_url).client.executions.update(execution, "PAUSED")
    engine.kill()
    client = mistral(engine.start().client_url)
    assert client.client.executions.get(execution).state == "PAUSED"
    # Mistral ends an execution early that is resumed while an action ends; see record 0007.
    until(lambda: not client.client.action_executions.list(state="RUNNING"), "rest")
    client.client.executions.update(execution, "RUNNING")
    assert_done(client, execution)


def test_after_a_clean_stop_the_work_goes_on(mistral, make_engine):
    engine = make_engine()
    execution = mistral(engine.client_url).start("sample.roll", waves=WAVES)
    engine.stop()
    assert_done(mistral(engine.start().client_url), execution)
