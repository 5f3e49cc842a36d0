"""A program that the lab starts ends with all that it has forked, also when the lab is killed."""
import signal
import subprocess
import sys

import pytest
from trove_upgrade.lab.mistral.daemon import Daemon
from trove_upgrade.lab.process import LabError

from tests.lab.processes import alive, processes
from tests.waits import until

MAKER = """
import sys, time
from pathlib import Path
from trove_upgrade.lab.mistral.daemon import Daemon
from trove_upgrade.lab.process import Server
place = Path(sys.argv[1])
Server("guard", "mistral.daemon", place, place).start()
Daemon("forks", place, ["sh", "-c", "sleep 600 & sleep 600"]).start()
print("up", flush=True)
time.sleep(600)
"""


def test_kill_9_of_the_maker_ends_every_program_and_removes_the_directory(tmp_path):
    place = tmp_path / "lab"
    place.mkdir()
    with subprocess.Popen([sys.executable, "-W", "ignore", "-c", MAKER, str(place)],
                          stdout=subprocess.PIPE, text=True) as maker:
        assert maker.stdout.readline() == "up\n"
        until(lambda: len(processes(place)) == 5, "the maker, its guard, a shell and two children")
        found = processes(place)
        maker.send_signal(signal.SIGKILL)
    until(lambda: not alive(found), "everyone's end")
    until(lambda: not place.exists(), "the directory's end")


def test_a_program_that_ends_at_once_tells_its_last_words(tmp_path):
    with pytest.raises(LabError, match="no such port"):
        Daemon("short", tmp_path, ["sh", "-c", "echo no such port"]).start().wait(lambda: False)


def test_what_runs_is_not_started_a_second_time(tmp_path):
    twice = Daemon("twice", tmp_path, ["sh", "-c", "echo begun; sleep 600"]).start().start()
    twice.wait(lambda: twice.out.read_text())
    twice.kill()
    assert alive(processes(tmp_path)) == []
    assert twice.out.read_text() == "begun\n"
