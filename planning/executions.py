"""Which executions are upgrades, and when one that holds a cluster has proven to be over."""
from collections.abc import Callable

# Workflows that upgrade what they name; the others are called by these, or close what they left.
UPGRADES = ("trove_upgrade.cluster", "trove_upgrade.replication_set")
ENDED = ("SUCCESS", "ERROR", "CANCELLED")       # Mistral's states of what goes on no more


def is_over(state: str | None, finds_all: Callable[[], bool]) -> bool:
    """Whether it has ended or was deleted.

    :param state: Mistral's; None when the execution was not found.
    :param finds_all: whether it would have been found wherever it is; asked only when it was not.
    """
    return finds_all() if state is None else state in ENDED
