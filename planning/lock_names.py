"""How trove-api and a run agree on who holds a cluster: what both sides must call the same."""
import hashlib
import hmac
import uuid

from ..datastores.base import ANOTHER

LOCK = "trove_upgrade.lock."        # Mistral's environment LOCK + cluster id names the owner
QUEUE = "trove_upgrade.queue."      # QUEUE + execution: a run that waits for its turn, or has it
# In the environment of an execution that trove-api started: when it took the cluster.
START_TOKEN = "trove_upgrade_start_token"      # noqa: S105  not a secret
# Mistral's environment, in the service users' project, whose variable ``key`` only they can read.
START_KEY = "trove_upgrade.start_key"
SIGN = "X-Trove-Upgrade"     # with every answer of the pack's routes; Trove's own 404 has none
ELSEWHERE = (f"{ANOTHER}: an engine that can't be seen from here holds this cluster in Trove. Let "
             "it end there.")


def execution_of(cluster_id: str, since: str, key: str = "") -> str:
    """Id of the execution that trove-api starts under the hold of that moment, and of no other.

    Who has the key and sees the hold can look it up, also after the service that made it has died;
    nobody else can foretell it, and have an execution of his own under it.

    :param key: what START_KEY holds; empty where there is no service user.
    """
    name = f"trove-upgrade:{cluster_id}:{since}"
    if not key:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    digest = hmac.digest(key.encode(), name.encode(), hashlib.sha256)
    return str(uuid.UUID(bytes=digest[:16], version=4))
