"""The double as a process, as the lab starts it."""
import json
import subprocess
import sys

import pytest
from trove_upgrade.lab.kinds.mongodb.double.wire import ask
from trove_upgrade.lab.settings import free_network

from tests.waits import PATIENCE_SEC, until

pytestmark = pytest.mark.lab_double
class Process:
    """One mongod on an address of its own."""

    def __init__(self, directory):
        network, self.port = free_network()
        self.host = f"{network}.11"
        self.config = directory / "mongo.json"
        self.config.write_text(json.dumps({
            "process": "mongod", "host": self.host, "port": self.port, "set": "rs1", "configdb": "",
            "role": "shardsvr", "key": "", "user": "admin", "password": ""}))

    def start(self, release, *more):
        return subprocess.Popen(
            [sys.executable, "-m", "trove_upgrade.lab.kinds.mongodb.double", "--config",
             str(self.config), "--release", release, *more],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def leads(self):
        try:
            return ask(self.host, self.port, {"hello": 1})["isWritablePrimary"]
        except OSError:
            return None


@pytest.fixture
def process(tmp_path):
    return Process(tmp_path)


def end(started):
    started.terminate()
    said, _ = started.communicate(timeout=PATIENCE_SEC)
    return started.returncode, said


def test_it_ends_in_order_and_a_release_that_can_not_read_its_data_says_so(process):
    started = process.start("7.0.15")
    until(lambda: process.leads() is False)
    members = [{"_id": 0, "host": f"{process.host}:{process.port}"}]
    ask(process.host, process.port, {"replSetInitiate": {
        "_id": "rs1", "members": members,
        "settings": {"electionTimeoutMillis": 500, "heartbeatIntervalMillis": 50}}})
    until(process.leads)
    assert end(started) == (0, "")
    refused = process.start("6.0.19")
    said, _ = refused.communicate(timeout=PATIENCE_SEC)
    assert refused.returncode == 62
    assert "UPGRADE PROBLEM" in said


def test_an_option_that_it_does_not_know_ends_it(process):
    started = process.start("7.0.15", "--this-option-does-not-exist", "yes")
    said, _ = started.communicate(timeout=PATIENCE_SEC)
    assert started.returncode == 2
    assert "unrecognized arguments" in said
