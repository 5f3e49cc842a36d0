"""An engine with small workflows of its own, without the pack."""
import pathlib

import pytest
from mistralclient.api import client
from trove_upgrade.embedded import EmbeddedEngine

from tests.waits import PATIENCE_SEC, until

ODD = "engine $HOME #1 50%41 ?mode=memory 'a' K\xf6ln"       # any path works
FLOWS = pathlib.Path(__file__).with_name("flows")


class Mistral:
    """What the tests ask of an engine."""

    def __init__(self, url):
        self.client = client.client(mistral_url=url)

    def start(self, workflow, **inputs):
        return self.client.executions.create(workflow, workflow_input=inputs).id

    def end(self, execution_id):
        """Wait for the execution's end and return it."""
        return until(lambda: (found := self.client.executions.get(execution_id)).state
                     not in ("RUNNING", "PAUSED", "IDLE") and found, "the end")


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
        made.append(EmbeddedEngine(tmp_path / ODD, pack=False,
                                   workflows=[*sorted(FLOWS.glob("*.yaml")), *more], **keywords))
        return made[-1].start(PATIENCE_SEC)
    yield make
    for one in made:
        one.stop()
