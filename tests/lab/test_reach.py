"""Servers that refuse to run as root are run by `nobody`, who must reach their programs."""
import os

import pytest
from trove_upgrade.lab.kinds.postgresql.binaries import in_reach

pytestmark = [pytest.mark.lab_double, pytest.mark.skipif(
    os.getuid() != 0, reason="only root's servers are run by nobody")]


@pytest.fixture
def installation(tmp_path):
    made = tmp_path / "installation"
    (made / "bin").mkdir(parents=True)
    (made / "bin" / "postgres").write_text("a program")
    return made


def test_what_nobody_can_enter_is_taken_as_it_is(installation, monkeypatch):
    monkeypatch.setattr("trove_upgrade.lab.kinds.postgresql.binaries.closed_to_nobody",
                        lambda path: None)
    assert in_reach(installation, "18.4") == installation


def test_a_closed_environment_is_copied_once(installation, monkeypatch, tmp_path):
    monkeypatch.setattr("trove_upgrade.lab.kinds.postgresql.binaries.directory",
                        lambda name: tmp_path)
    installation.chmod(0o700)
    copy = in_reach(installation, "18.4")
    assert (copy / "bin" / "postgres").read_text() == "a program"
    (installation / "bin" / "postgres").write_text("another")
    assert (in_reach(installation, "18.4") / "bin" / "postgres").read_text() == "a program"
