"""Trove's own cluster upgrade, to be measured beside this pack's."""
from collections.abc import Callable

from .lab import Cluster, Lab, wait_for

LIMIT_SEC = 600


def upgrade_in_lab(lab: Lab, cluster: Cluster, to_version: str,
                   progress: Callable[[str], None]) -> dict:
    """POST clusters/{id} {"upgrade"}; returns when Trove says it is done.

    Trove's word is its task going back to NONE; what the members' servers say is the
    report's business.
    """
    client = lab.client()
    if lab.kind.replicates:
        return _one_by_one(lab, cluster, to_version, progress)
    client.clusters.upgrade(cluster.id, lab.version_id(to_version))
    progress("Trove has taken the request")
    wait_for(lambda: _at_rest(client, cluster), LIMIT_SEC, "Trove's upgrade", every=0.25)
    shown = client.clusters.get(cluster.id)
    broken = [each["name"] for each in shown.instances if each["status"] == "ERROR"]
    progress(f"Trove says: task {shown.task['name']}, version {shown.datastore['version']}")
    return {"status": "done, by Trove's word", "failed": broken,
            "summary": f"Trove's own upgrade ended with {len(broken)} member(s) in ERROR"}


def _one_by_one(lab: Lab, cluster: Cluster, to_version: str,
                progress: Callable[[str], None]) -> dict:
    """Trove has no upgrade of a set: each instance in the order in which it lists them."""
    client, failed = lab.client(), []
    for shown in lab.shown(cluster)[1]:
        lab.upgrade_member(shown["id"], to_version)
        wait_for(lambda one=shown["id"]: client.instances.get(one).status in ("ACTIVE", "ERROR"),
                 LIMIT_SEC, f"Trove's upgrade of {shown['name']}", every=0.25)
        if client.instances.get(shown["id"]).status == "ERROR":
            failed.append(shown["name"])
        progress(f"Trove is done with {shown['name']}")
    return {"status": "done, by Trove's word", "failed": failed,
            "summary": f"Trove's own upgrades ended with {len(failed)} member(s) in ERROR"}


def _at_rest(client, cluster: Cluster) -> bool:
    return client.clusters.get(cluster.id).task["name"] == "NONE"
