"""`trove-upgrade demo` as `make demo` runs it: what it prints is what the README shows."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waits import PATIENCE_SEC

README = Path(__file__).parents[2] / "README.md"
PROGRAM = Path(sys.executable).with_name("trove-upgrade")
# Steps that are over before somebody looks are not told; these are, however busy the machine is.
ALWAYS = re.compile(r"^\[.*\] (demo:|load is on|the upgrade is over|.* (stopped|serving)$"
                    r"|.* upgraded after )|^(?!\[)\s*\S")


def run(name, out):
    """(exit code, lines) of the demo of this name."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
    done = subprocess.run([PROGRAM, "demo", name, "--out", out], env=kept, text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=PATIENCE_SEC)
    return done.returncode, done.stdout.splitlines()


def shown():
    """The README's lines that are always told, in order."""
    [block] = re.findall(r"```text\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    return [line for line in block.splitlines() if ALWAYS.match(line) and line.strip() != "..."]


def pattern(line, out):
    """A shown line as a pattern: times and counts of operations may be others, a 0 may not."""
    text = re.escape(line.replace("build/demo", str(out)))
    text = re.sub(r"(?:\\ )+", r"\\s+", text)
    text = re.sub(r"\d+(?:\\\.\d+)?(?=\\s\+s\b)", r"[\\d.]+", text)
    text = re.sub(r"\b[1-9]\d*(?=\\s\+(?:operations|acknowledged))", r"\\d+", text)
    return re.compile(text.replace(r"\[\s+", r"\[\s*").replace("member\\-", "member-"))


@pytest.mark.apart("demo")
def test_demo_prints_what_the_readme_shows(tmp_path):
    code, said = run("demo", tmp_path)
    assert code == 0, "\n".join(said)
    assert len(shown()) > 18
    left = iter(said)
    for line in shown():
        wanted = pattern(line, tmp_path)
        assert any(wanted.fullmatch(one) for one in left), (line, "\n".join(said))
    assert sum(bool(re.search(r"8\.1\.8 -> 9\.1\.2 +unavailable", one)) for one in said) == 6
    assert (tmp_path / "timeline.svg").exists()


@pytest.mark.apart("demo failure")
def test_demo_failure_puts_all_back_and_loses_nothing(tmp_path):
    code, said = run("demo-failure", tmp_path)
    text = "\n".join(said)
    assert code == 0, text
    assert said[-1].strip() == f"as promised; report and timeline in {tmp_path}"
    assert re.search(r"^rolled_back: ", text, re.M)
    assert re.search(r" FAILED: ", text)
    assert re.search(r"client: \d+ operations, .* 0 lost, 0 unreadable", text)


@pytest.mark.lab_double
@pytest.mark.apart("demo upstream")
def test_demo_upstream_measures_troves_own_upgrade(tmp_path):
    code, said = run("demo-upstream", tmp_path)
    assert code == 0, "\n".join(said)
    assert said[-1].strip() == f"measured, and not judged; report and timeline in {tmp_path}"
