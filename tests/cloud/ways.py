"""A person of the cloud and every way in which one can start an upgrade."""
import json
import os
import subprocess
import sys
from pathlib import Path

from trove_upgrade.interfaces.client import Client, upgrade

from tests.waits import PATIENCE_SEC

OLD, NEW = "8.1.8", "9.1.2"
BIN = Path(sys.executable).parent
REFUSAL = "Execution {} upgrades this cluster. Wait for it, or abort it."


class Person:
    """Somebody of the cloud at a shell of their own."""

    def __init__(self, cloud, directory, name="demo"):
        self.cloud, self.directory, self.name = cloud, Path(directory), name
        self.session = cloud.session(name)
        self.client = Client(self.session)

    def shell(self, *command, text=None):
        """Run a command logged in by OS_* variables; the result has returncode, stdout, stderr."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
        env = {**kept, "HOME": str(self.directory), "XDG_CONFIG_HOME": str(self.directory),
               "PYTHONWARNINGS": "ignore", **self.cloud.env(self.name)}
        program, *arguments = command
        path = BIN / program if (BIN / program).exists() else program
        return subprocess.run([path, *arguments], env=env, capture_output=True, text=True,
                              timeout=PATIENCE_SEC, cwd=self.directory, check=False,
                              **({"input": text} if text else {"stdin": subprocess.DEVNULL}))

    def openstack(self, *arguments):
        """`openstack database cluster upgrade ...`"""
        return self.shell("openstack", "database", "cluster", "upgrade", *arguments)

    def patch(self, cluster, version):
        """PATCH the cluster by curl; the token goes by stdin, not on the command line."""
        url = self.session.get_endpoint(service_type="database")
        asked = json.dumps({"cluster": {"datastore_version": version}}).replace('"', '\\"')
        return self.shell("curl", "--config", "-", text=f"""
            url = "{url}/clusters/{cluster.id}"
            request = PATCH
            silent
            include
            header = "Content-Type: application/json"
            header = "X-Auth-Token: {self.session.get_token()}"
            data = "{asked}"
            """)


def number(cloud):
    """Id of the version that is upgraded to."""
    return next(one.id for one in cloud.trove("demo").datastore_versions.list("redis")
                if one.name == NEW)


def trove_cli(person, cluster):
    """Stock `trove cluster-upgrade`."""
    done = person.shell("trove", "cluster-upgrade", cluster.id, NEW)
    assert done.returncode == 0, done.stderr or done.stdout


def openstack_stock(person, cluster):
    """Stock `openstack database cluster upgrade`, by names."""
    done = person.openstack(cluster.name, NEW)
    assert done.returncode == 0, done.stderr


def troveclient(person, cluster):
    """Stock `clusters.upgrade()`."""
    person.cloud.trove(person.name).clusters.upgrade(cluster.id, NEW)


def curl(person, cluster):
    """Our PATCH."""
    answer = person.patch(cluster, number(person.cloud)).stdout
    head, _, body = answer.replace("\r", "").partition("\n\n")
    assert head.splitlines()[0].split()[1] == "202", answer
    assert "/v2/executions/" in head.lower()
    assert json.loads(body) == {}


def python(person, cluster):
    """Our `upgrade()`, with objects of python-troveclient."""
    clusters = person.cloud.trove(person.name).clusters
    upgrade(clusters.get(cluster.id), number(person.cloud), person.session, bake_sec=1)


def openstack_ours(person, cluster):
    """Our `openstack database cluster upgrade start`."""
    done = person.openstack("start", cluster.name, NEW, "--bake-sec", "1")
    assert done.returncode == 0, done.stderr


def mistral(person, cluster):
    """Stock `mistral execution-create`; it alone bakes as long as the default says."""
    inputs = person.directory / f"{cluster.id}.json"
    inputs.write_text(json.dumps({"cluster_id": cluster.id, "datastore_version": NEW}))
    done = person.shell("mistral", "execution-create", "trove_upgrade.cluster", str(inputs),
                        "-f", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["ID"]


WAYS = {way.__name__: way for way in (trove_cli, openstack_stock, troveclient, curl, python,
                                      openstack_ours, mistral)}
