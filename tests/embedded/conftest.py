"""An engine with small workflows of its own, without the pack."""
import pathlib
import time

import pytest
from mistralclient.api import client
from trove_upgrade.embedded import EmbeddedEngine

FLOWS = pathlib.Path(__file__).with_name("flows")
POLL_SEC = 0.05


class Mistral:
    """What the tests ask of an engine."""

    def __init__(self, url):
        self.client = client.client(mistral_url=url)

    def start(self, workflow, **inputs):
        return self.client.executions.create(workflow, workflow_input=inputs).id

    def until(self, condition, timeout_sec=30):
        """Wait until ``condition()`` is true and return its value."""
        deadline = time.monotonic() + timeout_sec
        while not (value := condition()):
            assert time.monotonic() < deadline, f"never: {condition}"
            time.sleep(POLL_SEC)
        return value

    def end(self, execution_id, timeout_sec=30):
        """Wait for the execution's end and return it."""
        return self.until(lambda: (found := self.client.executions.get(execution_id)).state
                          not in ("RUNNING", "PAUSED", "IDLE") and found, timeout_sec)


@pytest.fixture
def mistral():
    """Mistral(url) makes a client of an engine."""
    return Mistral


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """One engine for the tests that don't stop it."""
    with EmbeddedEngine(tmp_path_factory.mktemp("engine"), workflows=sorted(FLOWS.glob("*.yaml")),
                        pack=False) as running:
        yield running


@pytest.fixture
def make_engine(tmp_path):
    """make_engine(**keywords) starts an engine in the test's own directory; all end with it."""
    made = []

    def make(more=(), **keywords):
        made.append(EmbeddedEngine(tmp_path / "engine", pack=False,
                                   workflows=[*sorted(FLOWS.glob("*.yaml")), *more], **keywords))
        return made[-1].start()
    yield make
    for one in made:
        one.stop()
