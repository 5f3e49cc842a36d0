"""The one way to wait for something: ask, pause, ask again, until the time is over."""
import time
from collections.abc import Iterator


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
