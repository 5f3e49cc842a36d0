"""A cluster that bears the name of one of our verbs: the stock command still reaches it by id."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interfaces.small_cloud import CLUSTERS, SmallCloud
from tests.waits import PATIENCE_SEC

OPENSTACK = Path(sys.executable).with_name("openstack")


@pytest.mark.parametrize("verb", ["plan", "list", "show"])
def test_the_stock_command_upgrades_by_its_id_a_cluster_named_like_a_verb(verb, tmp_path):
    named = {**CLUSTERS[0], "id": "c-verb", "name": verb}
    with SmallCloud() as cloud:
        cloud.clusters = [named]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
        env = {**kept, **cloud.env(), "HOME": str(tmp_path), "PYTHONWARNINGS": "ignore"}
        for wanted, reaches in ((named["id"], True), (verb, False)):
            cloud.seen.clear()
            ended = subprocess.run(
                [OPENSTACK, "database", "cluster", "upgrade", wanted, "9.1.2"], env=env,
                capture_output=True, text=True, timeout=PATIENCE_SEC, check=False, cwd=tmp_path)
            posted = [one for one in cloud.changed if one.endswith("/clusters/c-verb")]
            assert bool(posted) == reaches, ended.stderr
            assert (ended.returncode == 0) == reaches or verb == "list"
            cloud.changed.clear()
