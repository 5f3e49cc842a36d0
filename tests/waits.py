"""How long a test waits: until a condition is true, and no longer than a busy machine may need.

No test measures time. What is waited for comes in seconds on an idle machine; the bound only ends
a test whose condition never becomes true. TROVE_UPGRADE_TEST_PATIENCE scales it, 2 for twice.
"""
import os
import time

SCALE = float(os.environ.get("TROVE_UPGRADE_TEST_PATIENCE", "1"))
PATIENCE_SEC = 600 * SCALE
POLL_SEC = 0.1
# For the end of what lasts long: each question costs the one that has the work to do.
END_POLL_SEC = 0.5
# A time-out of the product that a test lets pass, so that who is well must not need it: seconds.
TIMEOUT_SEC = int(20 * SCALE)


def until(condition, what="what is waited for", every=POLL_SEC, story=None,
          patience=PATIENCE_SEC):
    """Wait until condition() is true; its value.

    :param what: what never came, for the AssertionError.
    :param every: seconds between two looks.
    :param story: called when it never came; what it returns is told, too.
    :param patience: seconds; other than the default only where it may well not come.
    """
    deadline = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < deadline, f"never: {what}" + (f"; {story()}" if story else "")
        time.sleep(every)
    return value


def never(condition, seconds=1.5):
    """What must not come can't be waited for: it has not come in so many seconds."""
    over = time.monotonic() + seconds
    while time.monotonic() < over:
        assert not condition()
        time.sleep(POLL_SEC)
