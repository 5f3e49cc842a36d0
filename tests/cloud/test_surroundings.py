"""What stands around a run that begins at a shell: a company's proxy, an odd path, an ASCII
terminal, bytes that are no text, and clusters named like our verbs."""

import pytest

from tests.cloud.runs import FAR, FROM_CATALOG, NEW, TWO, Runs

XDIST_GROUP = "scope"
CLOUD = FAR
ODD = "engine #1 $HOME 50%41 ?mode=memory ü 'a' \"b\""
NOT_TEXT = b"K\xf6ln"
VERBS = ("plan", "list", "show")
BEGINNING = "sta"               # of `start`, which cliff would take for it
UPGRADE = "openstack database cluster upgrade"


def test_a_run_from_here_is_ended_by_no_proxy_no_path_and_no_terminal(cloud, shell, tmp_path):
    """The cloud speaks TLS, so the dead proxy is that of the engine's own address alone."""
    cluster = cloud.second.create_cluster("Köln", shards=1, replicas=1)
    words = ("--cluster", cluster.name, "--bake-sec", "0", "--state-dir", tmp_path / ODD)
    done = shell(f"trove-upgrade run --datastore-version {NEW}", *words, LC_ALL="C", no_proxy=None,
                 http_proxy="http://127.0.0.1:1", PYTHONIOENCODING="ascii:strict", NO_PROXY=None)
    assert done.returncode == 0, done.stdout + done.stderr
    assert r"K\xf6ln" in done.stdout
    assert {one.version for one in cloud.second.members(cluster)} == {NEW}
    assert [one.name for one in tmp_path.iterdir() if "engine" in one.name] == [ODD]
    assert "upgraded" in shell("trove-upgrade list", *words[-2:]).stdout


@pytest.mark.parametrize("where", ["trove-upgrade", "a Mistral service", "openstack", "REST"])
def test_what_is_not_utf_8_is_refused_at_once(cloud, shell, where):
    before = _runs(cloud)
    if where == "REST":
        session = cloud.session("demo")
        url = session.get_endpoint(service_type="database", region_name=TWO, interface="internal")
        body = b'{"cluster": {"datastore_version": "K\xf6ln"}}'
        answer = session.patch(f"{url}/clusters/nope", raise_exc=False, data=body,
                               headers={"Content-Type": "application/json"})
        assert answer.status_code >= 400        # Trove's own word, before it asks us
    else:
        done = shell(f"{UPGRADE} start", NOT_TEXT, NEW) if where == "openstack" else shell(
            f"trove-upgrade run --datastore-version {NEW}", "--cluster", NOT_TEXT,
            *([FROM_CATALOG] if where != "trove-upgrade" else []))
        assert done.returncode in (1, 2)
        assert "UTF-8" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert _runs(cloud) == before


def test_a_cluster_named_like_a_verb_is_upgraded_by_its_id(cloud, shell):
    """One whose name only begins like a verb, by its name."""
    *clusters, other = [cloud.second.create_cluster(name, shards=1, replicas=1)
                        for name in (*VERBS, BEGINNING)]
    before, demo = _runs(cloud), Runs(cloud)
    for cluster in clusters:
        shell(f"{UPGRADE} {cluster.name} {NEW}")        # our verb, which takes NEW for a name
    assert _runs(cloud) == before
    for wanted in (*(one.id for one in clusters), other.name):
        done = shell(f"{UPGRADE} {wanted} {NEW}")
        assert done.returncode == 0, done.stderr
    for run in _runs(cloud) - before:
        _, info, output = demo.end(run)
        assert output["status"] == "upgraded", info
    for cluster in (*clusters, other):
        assert {one.version for one in cloud.second.members(cluster)} == {NEW}


def _runs(cloud):
    """Ids of all runs of the service."""
    return {one.id for one in cloud.mistral().executions.list(
        workflow_name="trove_upgrade.cluster")}
