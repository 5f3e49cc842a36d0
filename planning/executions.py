"""When an execution that holds a cluster has proven to be over: for the lock and for trove-api."""
from collections.abc import Callable

ENDED = ("SUCCESS", "ERROR", "CANCELLED")       # Mistral's states of what goes on no more


def is_over(state: str | None, finds_all: Callable[[], bool]) -> bool:
    """Whether it has ended or was deleted.

    :param state: Mistral's; None when the execution was not found.
    :param finds_all: whether it would have been found wherever it is; asked only when it was not.
    """
    return finds_all() if state is None else state in ENDED
