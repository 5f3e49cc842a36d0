"""How trove-api and a run agree on who holds a cluster: what both sides must call the same."""
import uuid

LOCK = "trove_upgrade.lock."        # Mistral's environment LOCK + cluster id names the owner
# In the environment of an execution that trove-api started: when it took the cluster.
START_TOKEN = "trove_upgrade_start_token"      # noqa: S105  not a secret
SIGN = "X-Trove-Upgrade"     # with every answer of the pack's routes; Trove's own 404 has none


def execution_of(cluster_id: str, since: str) -> str:
    """Id of the execution that trove-api starts under the hold of that moment, and of no other.

    Whoever sees the hold can look it up, also after the service that made it has died.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"trove-upgrade:{cluster_id}:{since}"))
