"""Replication sets: Trove knows instances that replicate each other, but no set."""
from typing import Any

from troveclient.apiclient import exceptions

from ..schemas import UpgradeError


def gather(client: Any, wanted: list[str]) -> list[dict[str, Any]]:
    """All instances that belong together with those of these ids, the oldest first.

    While Trove promotes it moves the replicas one by one, so each is asked whom it follows and who
    follows it. The oldest gives the set its identity: it stays when the source changes.

    :raises UpgradeError: code ``unknown_set``, when none of them is there or one is of a cluster.
    """
    found: dict[str, dict[str, Any] | None] = {}
    todo = list(wanted)
    while todo:
        one = todo.pop()
        if one not in found:
            found[one] = shown = _shown(client, one)
            todo += _neighbours(shown) if shown else []
    there = [one for one in found.values() if one]
    if not there:
        raise UpgradeError("unknown_set", f"There is no instance {wanted[0]!r}.", "stop")
    if owner := next((one["cluster_id"] for one in there if one.get("cluster_id")), ""):
        raise UpgradeError("unknown_set", f"Instance {wanted[0]!r} is a member of cluster {owner}: "
                           "upgrade that with trove_upgrade.cluster.", "stop")
    return sorted(there, key=lambda one: (one.get("created", ""), one["id"]))


def source_of(shown: list[dict[str, Any]]) -> dict[str, Any]:
    """The instance that the others replicate, by Trove."""
    return max(shown, key=lambda one: (not one.get("replica_of"), len(one.get("replicas") or ())))


def id_by_name(client: Any, wanted: str) -> str:
    """Id of the instance of this unique name; what is asked for itself when there is none.

    :raises UpgradeError: code ``unknown_set``, when several bear the name.
    """
    same = [one.id for one in _each(client) if one.name == wanted]
    if len(same) > 1:
        raise UpgradeError("unknown_set", f"Several instances are called {wanted!r}; give one of "
                           f"these ids: {', '.join(same)}.", "stop")
    return same[0] if same else wanted


def _each(client: Any):
    page = client.instances.list()
    yield from page
    while page.next:
        page = client.instances.list(marker=page.next)
        yield from page


def _shown(client: Any, instance_id: str) -> dict[str, Any] | None:
    try:
        return client.instances.get(instance_id).to_dict()
    except exceptions.NotFound:
        return None


def _neighbours(shown: dict[str, Any]) -> list[str]:
    above = [shown["replica_of"]["id"]] if shown.get("replica_of") else []
    return above + [one["id"] for one in shown.get("replicas") or ()]
