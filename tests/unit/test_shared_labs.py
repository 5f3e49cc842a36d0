"""What is shared by the tests of a group is there until the last of them is over."""
import subprocess
import sys
from pathlib import Path

TEST = """\
import contextlib
from pathlib import Path
import pytest
from tests.labs import SHARED

@contextlib.contextmanager
def lab():
    up = Path(__file__).with_name("up")
    up.touch()
    yield up
    up.unlink()

@pytest.fixture(scope="module")
def site():
    return SHARED.get("lab", lab)

def test_that_passes_when_it_is_run_again(site, tries=[]):
    tries.append(site.exists())
    assert tries == [True, True]
"""


def test_a_lab_stays_up_while_the_last_test_of_its_group_is_run_again(tmp_path):
    (tmp_path / "conftest.py").write_text("from tests.labs import pytest_runtest_teardown\n")
    (tmp_path / "test_one.py").write_text(TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--reruns", "1", "-c", "/dev/null", "--rootdir", tmp_path,
         "-p", "no:cacheprovider", tmp_path], cwd=Path(__file__).parents[2], capture_output=True,
        text=True, check=False)
    assert "1 passed, 1 rerun" in done.stdout, done.stdout + done.stderr
    assert not (tmp_path / "up").exists()
