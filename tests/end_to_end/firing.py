"""Triggers as people make them, with the stock command, and what they have started."""
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.waits import PATIENCE_SEC

COMMAND = Path(sys.executable).with_name("mistral")


def mistral(environment: dict[str, str], *arguments: str) -> dict:
    """Run `mistral ARGUMENTS -f json` and return what it shows as {field: value}."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
    done = subprocess.run([COMMAND, *arguments, "-f", "json"], env={**clean, **environment},
                          capture_output=True, text=True, timeout=PATIENCE_SEC)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def fired(client, about) -> list[str]:
    """Ids of the executions that triggers have started, the oldest first.

    :param about: a cluster that they are to upgrade, or the id of their trigger.
    """
    word = getattr(about, "id", about)
    found = client.executions.list(sort_keys="created_at", fields=("id", "description", "input"))
    return [one.id for one in found if '"triggered_by"' in (one.description or "")
            and word in one.description + str(one.input)]
