"""Stock `mistral` starts the workflow and reads its result; tests/cloud upgrades by it."""
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.site import NEW, Run
from tests.waits import PATIENCE_SEC

LAB: dict = {}
XDIST_GROUP = "lab 3"
MISTRAL = Path(sys.executable).with_name("mistral")


def mistral(site, *arguments):
    """What `mistral ... -f json` prints."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
    done = subprocess.run([MISTRAL, *arguments, "-f", "json"], capture_output=True, text=True,
                          timeout=PATIENCE_SEC, check=False, stdin=subprocess.DEVNULL,
                          env={**kept, "OS_MISTRAL_URL": site.engine.client_url,
                               "MISTRAL_AUTH_TYPE": "", "PYTHONWARNINGS": "ignore"})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_stock_execution_create_takes_every_input_as_text(site, cluster, tmp_path):
    names = {one["Name"] for one in mistral(site, "workflow-list")}
    assert {"trove_upgrade.cluster", "trove_upgrade.finalize"} <= names
    inputs = tmp_path / "input.json"
    inputs.write_text(json.dumps({"cluster_id": cluster.id, "datastore_version": NEW,
                                  "bake_sec": "0", "parallelism": "domain", "canary": "false",
                                  "dry_run": "true"}))
    made = mistral(site, "execution-create", "trove_upgrade.cluster", str(inputs))
    found = Run(site, cluster, made["ID"], site.lab.members(cluster), 0).end()
    assert found.result["status"] == "planned"
    assert [len(wave) for wave in found.result["plan"]["waves"]] == [3, 3]
    shown = mistral(site, "execution-get", made["ID"])
    assert shown["State"] == "SUCCESS"
