"""Clouds with Keystone: each module names its own's options in CLOUD; a fresh cluster a test."""
import itertools
import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import yaml

from tests.cloud.runs import FROM_CATALOG, TWO
from tests.shapes import PAIR, SIX
from tests.waits import PATIENCE_SEC

NUMBERS = itertools.count(1)
BIN = Path(sys.executable).parent


@pytest.fixture
def cluster(cloud):
    """A fresh Valkey 8.1.8 cluster of demo's, a PAIR, deleted at the end."""
    with _made(cloud, **PAIR) as made:
        yield made


@pytest.fixture
def wide_cluster(cloud):
    """The same with six members: whose upgrade outlasts many starts."""
    with _made(cloud, **SIX) as made:
        yield made


@contextmanager
def _made(cloud, **shape):
    made = cloud.lab.create_cluster(f"c{next(NUMBERS)}", **shape)
    yield made
    cloud.lab.faults.clear()
    with suppress(Exception):               # one under upgrade, or broken, can't be deleted
        cloud.trove().clusters.delete(made.id)


@pytest.fixture
def shell(cloud, tmp_path):
    """shell(command, *words, **variables) runs the command with these words behind it, as demo in
    the second region; None takes a variable away."""
    def run(command, *words, **more):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
        env = {**kept, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path),
               "PYTHONWARNINGS": "ignore", **cloud.env("demo", TWO), **more}
        program, *arguments = *command.split(), *words
        if program == "trove-upgrade" and FROM_CATALOG not in arguments:
            arguments.append(f"--access-dir={cloud.access_dir}")
        return subprocess.run([BIN / program, *arguments], capture_output=True, text=True,
                              env={key: value for key, value in env.items() if value is not None},
                              timeout=PATIENCE_SEC, cwd=tmp_path, check=False)
    return run


@pytest.fixture
def in_clouds_yaml(cloud, tmp_path):
    """The variables that take demo's cloud out of clouds.yaml, with all that is said of it."""
    env = cloud.env("demo", TWO)
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"ours": {
        "auth": {key: env[f"OS_{key.upper()}"] for key in (
            "auth_url", "username", "password", "project_name", "user_domain_name",
            "project_domain_name")},
        "region_name": TWO, "interface": "internal", "cacert": env["OS_CACERT"]}}}))
    return {**dict.fromkeys(env), "OS_CLOUD": "ours"}
