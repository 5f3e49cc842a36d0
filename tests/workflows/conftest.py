"""The pack's workflows as the lint reads them, and what Mistral's own parser says of them."""
import json
import subprocess
import sys
from pathlib import Path

import pytest
from trove_upgrade.workflows import installed, paths

from docs.tools import flows
from tests.workflows import broken
from tests.workflows.lint import World


@pytest.fixture(scope="session")
def mistral(tmp_path_factory):
    """The answer of probe.py about the pack's files and, by their names, about broken ones."""
    folder = tmp_path_factory.mktemp("broken")
    for name, text in broken.FOR_MISTRAL.items():
        (folder / name).write_text(text, encoding="utf-8")
    files = [*paths(), *(str(folder / name) for name in broken.FOR_MISTRAL)]
    probe = Path(__file__).with_name("probe.py")
    done = subprocess.run([sys.executable, "-W", "ignore", str(probe)], input=json.dumps(files),
                          check=True, capture_output=True, text=True, timeout=300)
    answer = json.loads(done.stdout)
    found = answer.pop("definitions")
    return answer | {"definitions": {one: found[one] for one in paths()},
                     "broken": {name: found[str(folder / name)] for name in broken.FOR_MISTRAL}}


@pytest.fixture(scope="session")
def world(mistral):
    """Everything that a workflow may call, other packages' branches of datastores among it."""
    return World({flow.name: flow for flow in map(flows.read, installed())}, mistral["signatures"])
