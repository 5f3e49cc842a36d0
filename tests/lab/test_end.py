"""Nothing outlives a lab, however it ends."""
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from trove_upgrade.lab.lab import Lab

from tests.lab.processes import alive, processes
from tests.waits import until

pytestmark = pytest.mark.lab_double
MAKER = """
import sys, time
from trove_upgrade.lab.lab import Lab
with Lab() as lab:
    lab.create_cluster("pair", shards=1, replicas=1)
    print(lab.directory, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def maker():
    """Another process that makes a lab: (process, the lab's directory)."""
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", MAKER],
                               stdout=subprocess.PIPE, text=True)
    directory = Path(process.stdout.readline().strip())
    yield process, directory
    process.kill()
    process.wait()
    process.stdout.close()


def test_stop_ends_all_and_removes_the_directory():
    with Lab() as lab:
        lab.create_cluster("pair", shards=1, replicas=1)
        found = processes(lab.directory)
        assert len(found) == 3
    assert alive(found) == []
    assert not lab.directory.exists()


def test_kill_9_of_trove_ends_the_servers():
    with Lab() as lab:
        lab.create_cluster("pair", shards=1, replicas=1)
        found = processes(lab.directory)
        lab.kill()
        until(lambda: not alive(found), "the servers' end")


def test_kill_9_of_the_labs_maker_ends_all_and_removes_the_directory(maker):
    process, directory = maker
    found = processes(directory)
    assert len(found) == 3
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: not alive(found), "everyone's end")
    until(lambda: not directory.exists(), "the directory's end")


def test_an_exception_inside_ends_all():
    with pytest.raises(KeyError), Lab() as lab:
        found = processes(lab.directory)
        assert json.loads((lab.directory / "trove.json").read_text()) == {
            "url": lab.url, "pid": found[0].pid}
        raise KeyError
    assert found
    assert alive(found) == []
    assert not lab.directory.exists()


def test_two_labs_do_not_meet(lab, shop):
    with Lab() as other:
        cluster = other.create_cluster(shop.name, shards=1, replicas=0)
        assert len(other.members(cluster)) == 1
        assert other.settings.network != lab.settings.network
        assert other.url != lab.url
        assert [each.id for each in other.client().clusters.list()] == [cluster.id]
        assert cluster.id not in [each.id for each in lab.client().clusters.list()]


def test_a_lab_that_never_started_leaves_nothing():
    before = set(Path(tempfile.gettempdir()).glob("trove-upgrade-lab-*"))
    with pytest.raises(ValueError, match="persistence"):
        Lab(persistence="hope")
    assert set(Path(tempfile.gettempdir()).glob("trove-upgrade-lab-*")) == before
