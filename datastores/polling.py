"""The one way to wait for something: ask, pause, ask again, until the time is over."""
import time
from collections.abc import Callable, Iterator


def polls(timeout_sec: float, pause_sec: float) -> Iterator[None]:
    """The turns of a poll; the first one comes at once.

    Who asks leaves the loop when the answer is good. The loop ends by itself when a turn was over
    later than ``timeout_sec`` after the first began, so one turn is always taken; what is raised
    then stands below it::

        for _ in polls(10, 0.2):
            if is_ready():
                return
        raise NotReady()
    """
    deadline = time.monotonic() + timeout_sec
    yield
    while time.monotonic() <= deadline:
        time.sleep(pause_sec)
        yield


def wait_until(done: Callable[[], object], deadline: float, pause_sec: float) -> bool:
    """Ask again and again, at least once, and return whether the answer was yes in time.

    :param deadline: by ``time.monotonic()``.
    :param pause_sec: seconds between two questions.
    """
    return any(done() for _ in polls(deadline - time.monotonic(), pause_sec))
