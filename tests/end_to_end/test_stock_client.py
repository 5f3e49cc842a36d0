"""Stock `mistral` runs the same upgrade, and reads its result."""
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.invariants import assert_invariants
from tests.end_to_end.site import NEW, Run
from tests.waits import PATIENCE_SEC

LAB: dict = {}
MISTRAL = Path(sys.executable).with_name("mistral")


def mistral(site, *arguments):
    """What `mistral ... -f json` prints."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
    done = subprocess.run([MISTRAL, *arguments, "-f", "json"], capture_output=True, text=True,
                          timeout=PATIENCE_SEC, check=False, stdin=subprocess.DEVNULL,
                          env={**kept, "OS_MISTRAL_URL": site.engine.url, "MISTRAL_AUTH_TYPE": "",
                               "PYTHONWARNINGS": "ignore"})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_stock_execution_create_runs_the_upgrade(site, cluster, tmp_path):
    names = {one["Name"] for one in mistral(site, "workflow-list")}
    assert {"trove_upgrade.cluster", "trove_upgrade.finalize"} <= names
    inputs = tmp_path / "input.json"
    inputs.write_text(json.dumps({"cluster_id": cluster.id, "datastore_version": NEW,
                                  "bake_sec": "0", "parallelism": "domain", "canary": "false"}))
    idle = site.begin(cluster, dry_run=True)
    idle.end()
    made = mistral(site, "execution-create", "trove_upgrade.cluster", str(inputs))
    run = Run(site, cluster, made["ID"], idle.before, idle.since)
    found = run.end()
    assert_invariants(found, 3)
    assert found.result["status"] == "upgraded"
    shown = mistral(site, "execution-get", made["ID"])
    assert shown["State"] == "SUCCESS"
