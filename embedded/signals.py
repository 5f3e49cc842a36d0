"""How a process that serves until it is told to stop is told so."""
import queue
import signal


def stops():
    """Return a queue that gets an entry for each SIGTERM and each Ctrl-C from now on.

    Not an Event: a second signal can come while the first one's handler is inside ``set()``, which
    then waits for its own lock for ever. A SimpleQueue may be put to at any moment.
    """
    asked = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.put(None))
    return asked
