"""Installed by one word in api-paste.ini; documented by the ecosystem's own tools."""
import subprocess
import sys
from pathlib import Path

import pytest
from trove_upgrade.interfaces.trove_api.config import OPTS
from trove_upgrade.interfaces.trove_api.policies import RULES

from tests.waits import PATIENCE_SEC

PASTE = """\
[pipeline:main]
pipeline = egg:trove-upgrade#trove_upgrade troveapp
[app:troveapp]
paste.app_factory = trove.common.api:app_factory
"""
LOAD = """\
import os, warnings
warnings.simplefilter("ignore")
import trove.cmd
from trove.common import cfg, pastedeploy, policy
cfg.CONF(["--config-file", "trove.conf"], project="trove")
for _ in range(2):          # several pipelines may name it
    app = pastedeploy.paste_deploy_app(os.path.abspath("paste.ini"), "main", {})
print(type(app).__name__, "cluster:upgrade" in policy.get_enforcer().registered_rules)
"""


def load(directory, options):
    """What loading the pipeline prints, or its error's last line."""
    (directory / "paste.ini").write_text(PASTE)
    (directory / "trove.conf").write_text(f"[trove_upgrade_api]\n{options}\n")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", LOAD], cwd=directory, text=True,
                          capture_output=True, timeout=PATIENCE_SEC, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_one_word_in_the_pipeline(tmp_path):
    assert load(tmp_path, "workflow_inputs = bake_sec:600,on_failure:pause") == "UpgradeFilter True"


@pytest.mark.parametrize(("options", "words"), [
    ("workflow_inputs = bake_secs:5", "workflow_inputs: The input is not understood: Unknown"),
    ("workflow_inputs = on_failure:explode", "allowed are: rollback, pause, stop"),
    ("workflow_inputs = dry_run:true", "must not hold dry_run"),
    ("workflow_inputs = cluster_id:x", "must not hold cluster_id"),
    ("mistral_auth = none", "needs mistral_url")])
def test_options_that_would_make_every_upgrade_fail_are_told_at_the_start(tmp_path, options, words):
    assert words in load(tmp_path, options)


@pytest.mark.parametrize(("tool", "namespace", "names"), [
    ("oslo-config-generator", "trove_upgrade_api", [option.name for option in OPTS]),
    ("oslopolicy-sample-generator", "trove-upgrade", [rule.name for rule in RULES])])
def test_sample_files(tool, namespace, names):
    done = subprocess.run([Path(sys.executable).with_name(tool), "--namespace", namespace],
                          capture_output=True, text=True, timeout=PATIENCE_SEC, check=True)
    assert [name for name in names if name not in done.stdout] == []
