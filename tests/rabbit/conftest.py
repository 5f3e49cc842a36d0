"""RabbitMQ for the tests of this folder; skipped where there is none, unless it is required."""
import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from trove_upgrade.lab.mistral.broker import NOBODY, Broker, find_server

from tests.end_to_end.site import clean_site
from tests.labs import SHARED
from tests.waits import PATIENCE_SEC

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
REQUIRED = "rabbitmq" in os.environ.get("TROVE_UPGRADE_REQUIRE", "").split(",")


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """One RabbitMQ for all."""
    require_server()
    return SHARED.get("broker", lambda: Broker(tmp_path_factory.mktemp("rabbit")))


def require_server():
    """Skip, or fail where the environment says that it must be there."""
    if find_server() is None:
        (pytest.fail if REQUIRED else pytest.skip)(NOBODY)


@pytest.fixture(scope="session")
def make_site(tmp_path_factory):
    """make_site(settings, **engine options): a site whose engine has more of a mistral.conf.

    ``kind`` is Site where a test lets things go wrong that a clean site must not have."""
    def make(settings, kind=clean_site, **options):
        config = tmp_path_factory.mktemp("config") / "rabbit.conf"
        config.write_text(settings)
        return kind(tmp_path_factory.mktemp("engine"),
                          engine_options={"config": config, **options})
    return make


class Receiver:
    """The example's listener in a process of its own, as operators run it; a context manager."""

    def __init__(self, url):
        self._process = subprocess.Popen(
            [sys.executable, EXAMPLES / "print_notifications.py", "--transport-url", url],
            stdout=subprocess.PIPE, text=True)
        self._lines = queue.Queue()
        self._seen = []
        threading.Thread(target=self._read, daemon=True).start()

    def until(self, run, last):
        """All that is told of a run, up to the event ``last``, as [(short type, message)]."""
        deadline = time.monotonic() + PATIENCE_SEC
        while not any(kind == last for kind, _ in self.of(run)):
            self._seen.append(self._lines.get(timeout=max(0, deadline - time.monotonic())))
        return self.of(run)

    def of(self, run):
        """What has come so far."""
        return [(one["event_type"].removeprefix("trove.cluster.upgrade."), one)
                for one in self._seen if one["payload"]["execution_id"] == run.id]

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(json.loads(line))

    def __enter__(self):
        assert "listening" in self._lines.get(timeout=PATIENCE_SEC)
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(PATIENCE_SEC)
        self._process.stdout.close()
