"""`trove-upgrade lab` of each kind, as a person uses it."""
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from trove_upgrade.lab.kinds import KINDS

from tests.datastores import sets
from tests.lab.processes import alive, processes
from tests.waits import PATIENCE_SEC, until

pytestmark = pytest.mark.apart
BIN = Path(sys.executable).parent
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}


class Started:
    """The running command, and what it has printed."""

    def __init__(self, kind, place, process, output):
        self.kind, self.place, self.process = kind, Path(place), process
        self.home, self._output = output.parent, output

    @property
    def text(self):
        return self._output.read_text()

    def until_up(self):
        until(lambda: "Ctrl-C ends it" in self.text or self.process.poll() is not None,
              "a lab that is ready")
        assert self.process.poll() is None, self.text

    def printed(self, words):
        """The command with these words that people are told to type, and whose file before it."""
        text = re.sub(r"\\\n# +", "", self.text)
        before, line = re.search(rf"(?s)(.*)^#   ([^\n]*{words}[^\n]*)$", text, re.M).groups()
        return re.findall(r"after   \. (\S+)$", before, re.M)[-1], line

    def type(self, words, change=lambda line: line):
        """Type the printed command with these words into another shell; what it says."""
        file, line = self.printed(words)
        done = subprocess.run(
            ["bash", "-ec", f". {file}; {change(line)}"], text=True, capture_output=True,
            timeout=PATIENCE_SEC, stdin=subprocess.DEVNULL, cwd=self.home,
            env={**CLEAN, "HOME": str(self.home), "PYTHONWARNINGS": "ignore",
                 "PATH": f"{BIN}:{os.environ['PATH']}"})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


# A cluster, a set, one that only operators see whole, one that needs consent: the others differ in
# nothing that the command says, and so prove the lab's own kinds.
TOLD = ("redis", "postgresql_replication", "mongodb", "vertica")


@pytest.fixture(params=[pytest.param(one, marks=[] if one in TOLD else pytest.mark.lab_double)
                        for one in KINDS])
def lab(request, tmp_path):
    """The lab of a kind; all that it writes is in `place`, a /tmp of its own."""
    sets.require_kind(request.param)
    output = tmp_path / "output"
    with tempfile.TemporaryDirectory(prefix="") as place, output.open("w") as file:
        Path(place).chmod(0o1777)
        with subprocess.Popen(
                [BIN / "trove-upgrade", "lab", "--datastore", request.param], stdout=file,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env={**CLEAN, "TMPDIR": place},
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
                ) as process:
            try:
                yield Started(request.param, place, process, output)
            finally:
                process.kill()


def dry(line):
    """The upgrade's command with one input more."""
    *words, inputs = shlex.split(line)
    return shlex.join([*words, json.dumps({**json.loads(inputs), "dry_run": True})])


def test_what_it_prints_works_and_ctrl_c_leaves_nothing(lab):
    lab.until_up()
    told = re.search(r"^# Cluster (\S+) \(\S+\) runs (\S+) (\S+); ", lab.text, re.M)
    name, kind, version = told.groups()
    assert (name, kind) == ("shop", lab.kind)

    listed = json.loads(lab.type("database [a-z]+ list", lambda line: f"{line} -f json"))
    (shown,) = [one for one in listed if one["Name"] == name]
    assert shown["Datastore Version"] == version
    assert shown.get("Status") == "ACTIVE" or shown["Task Name"] == "NONE"

    lab.type("execution-create", dry)
    assert "; it can start" in lab.type("watch")

    found = processes(lab.place)
    assert len(found) > 4, "Keystone, Trove, Mistral, and more than one server"
    lab.process.send_signal(signal.SIGINT)
    assert lab.process.wait(PATIENCE_SEC) == 0
    assert alive(found) == []
    assert list(lab.place.iterdir()) == []
    assert not re.search("Traceback|Warning", lab.text)
