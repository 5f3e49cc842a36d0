"""Completion as a shell asks for it: commands, options, and values of an engine and of a cloud."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.interfaces import test_thirty_commands as thirty
from tests.interfaces.small_cloud import SmallCloud
from tests.waits import PATIENCE_SEC

BIN = pathlib.Path(sys.executable).parent
# Each prints what the shell would offer for the line "trove-upgrade $1".
BASH = """
eval "$(register-python-argcomplete trove-upgrade)"
COMP_LINE="trove-upgrade $1" COMP_POINT=$((14 + ${#1})) COMP_TYPE=9
COMP_WORDBREAKS=$' \\t\\n"'"'"'><=;|&(:'
_python_argcomplete trove-upgrade
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
compdef() {}
_describe() { print -l -- "${(@)${(P)2}%%:*}" }
eval "$(register-python-argcomplete --shell zsh trove-upgrade)"
words=(trove-upgrade) BUFFER="trove-upgrade $1" CURSOR=$((14 + ${#1}))
_python_argcomplete
"""
FISH = """
register-python-argcomplete --shell fish trove-upgrade | source
complete --do-complete "trove-upgrade $argv[1]" | cut -f 1
"""
SHELLS = {"bash": ("bash", "--norc", "-c", BASH, "bash"), "zsh": ("zsh", "-f", "-c", ZSH, "zsh"),
          "fish": ("fish", "--no-config", "-c", FISH)}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    made = tmp_path_factory.mktemp("completion")
    thirty.write(made / "trove-upgrade")
    return made


def offered(directory, line, shell="bash", **more):
    """What the shell would offer for a line that ends there."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
    env = {**kept, "PATH": f"{BIN}:{os.environ['PATH']}", "XDG_STATE_HOME": str(directory),
           "HOME": str(directory), "XDG_CONFIG_HOME": str(directory), **more}
    done = subprocess.run([*SHELLS[shell], line], env=env, cwd=directory, capture_output=True,
                          text=True, timeout=PATIENCE_SEC, check=True)
    return {one.strip() for one in done.stdout.split("\n")} - {""}


def test_commands_and_options(directory):
    assert {"abort", "plan", "run"} <= offered(directory, "")
    assert offered(directory, "ab") == {"abort"}
    assert offered(directory, "run --on-f") == {"--on-failure"}
    assert offered(directory, "run --on-failure ") == {"rollback", "pause", "stop"}


def test_upgrades_by_cluster_and_id_and_only_those_that_can_be_meant(directory):
    assert offered(directory, "abort ") >= {"invoices", thirty.number(2)}
    assert "orders" not in offered(directory, "abort ")
    assert {"invoices", "orders"} <= offered(directory, "show ")
    assert offered(directory, "list --cluster inv") == {"invoices"}


def test_clusters_and_versions_of_the_cloud(directory):
    with SmallCloud() as cloud:
        assert offered(directory, "plan --cluster ", **cloud.env()) == {"shop", "twins"}
        assert offered(directory, "plan --cluster shop --datastore-version ",
                       **cloud.env()) == {"9.1.2"}


def test_a_cloud_that_is_not_there_offers_nothing_and_says_nothing(directory):
    assert offered(directory, "plan --cluster sh", OS_AUTH_URL="http://127.0.0.1:1/v3") == set()


def test_names_of_clouds(directory):
    (directory / "clouds.yaml").write_text("clouds: {mine: {}, theirs: {}}")
    assert {"mine", "theirs"} <= offered(directory, "plan --os-cloud ")


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shells_script_offers_values_alone_until_a_dash(directory, shell):
    if not shutil.which(shell):
        pytest.skip(f"There is no {shell} on this machine (apt-get install {shell}).")
    assert offered(directory, "ab", shell) == {"abort"}
    assert offered(directory, "abort ", shell) == {"invoices", thirty.number(2)}
    assert offered(directory, "abort -", shell) >= {"--yes", "--state-dir"}
    assert offered(directory, "run --on-failure ", shell) == {"rollback", "pause", "stop"}
