"""The real engine does what walked.py says."""
import json

import pytest

from tests.embedded.walked import CASES, TRIES, cut


@pytest.mark.parametrize("case", CASES)
def test_the_engine_ends_as_the_walker_is_told(engine, mistral, case):
    workflow, inputs, state, output = CASES[case]
    client = mistral(engine.url)
    ended = client.end(client.start(workflow, **inputs))
    assert (ended.state, cut(json.loads(ended.output), output)) == (state, output)


@pytest.mark.parametrize("wanted", TRIES)
def test_the_engine_tries_as_often(engine, mistral, wanted):
    client = mistral(engine.url)
    started = client.start("sample.tries", **{"class": wanted})
    client.end(started)
    task, = client.client.tasks.list(workflow_execution_id=started)
    tries = client.client.action_executions.list(task_execution_id=task.id)
    assert len(tries) == TRIES[wanted]
