"""A datastore that another package brings is found without a change here.

The package is the example of docs/adding-a-datastore.md, installed by pip, offline. Its clusters
are of a datastore that the lab has no servers of: what it asks is Trove.
"""
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from trove_upgrade.lab.lab import Cluster

from tests.end_to_end.site import clean_site
from tests.waits import PATIENCE_SEC, until

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "third_party_driver"
OLD, NEW = "10.11.18", "10.11.19"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The directory that the example is installed in; processes of this module find it."""
    folder = tmp_path_factory.mktemp("acme")
    shutil.copytree(EXAMPLE, folder / "source")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
                    "--no-build-isolation", "--target", folder / "site", folder / "source"],
                   check=True, timeout=PATIENCE_SEC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder / "site"))
        yield folder / "site"


def python(text):
    """What a fresh process prints."""
    return subprocess.run([sys.executable, "-W", "ignore", "-c", text], check=True, text=True,
                          capture_output=True, timeout=PATIENCE_SEC).stdout.split()


def test_its_driver_and_its_workflow_are_found(installed):
    assert python("from trove_upgrade import datastores; "
                  "print(datastores.choose('auto', 'acmedb'))") == ["acme"]
    found = python("from trove_upgrade.workflows import installed; print(*installed())")
    assert str(installed / "acme_trove_upgrade" / "acme.yaml") in found
    assert len(found) == len(set(found))


def test_its_workflow_keeps_the_rules_of_the_packs_own(installed):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c",
         "from trove_upgrade.workflows import installed\n"
         "from docs.tools import flows\n"
         "found = [flows.read(path) for path in installed()]\n"
         "assert 'trove_upgrade.datastore.acme' in [flow.name for flow in found]\n"
         "shapes = {(tuple(flow.inputs), tuple(flow.body['output'])) for flow in found\n"
         "          if flow.name.startswith('trove_upgrade.datastore.')}\n"
         "assert len(shapes) == 1, shapes\n"],
        cwd=EXAMPLE.parents[2], text=True, capture_output=True, timeout=PATIENCE_SEC)
    assert done.returncode == 0, done.stderr


def test_a_cluster_is_upgraded_by_it_in_its_own_order(installed, tmp_path_factory):
    with clean_site(tmp_path_factory.mktemp("engine")) as site:
        client = site.lab.client()
        shape = [{"flavorRef": "1", "volume": {"size": 1}}] * 3
        made = client.clusters.create("acme", "mariadb", OLD, instances=shape)
        until(lambda: {one["status"] for one in client.clusters.get(made.id).instances}
              == {"ACTIVE"} and client.clusters.get(made.id).task["name"] == "NONE",
              "an AcmeDB cluster")
        found = site.begin(Cluster(made.id, "acme"), driver="acme", datastore_version=NEW).end()
        assert found.result["status"] == "upgraded", found.result
        stopped = [event["name"] for event in found.stops()]
        assert stopped == sorted((one.name for one in found.before), reverse=True)
        assert len(stopped) == 3
