"""Ctrl-C and SIGTERM, also many of them at once."""
import subprocess
import sys

from tests.waits import PATIENCE_SEC

ASKED_OFTEN = """
import os, signal, threading
from trove_upgrade.embedded.signals import stops
asked = stops()
def ask():
    for _ in range(500):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
asking = threading.Thread(target=ask)
asking.start()
asked.get()
asking.join()
print("over")
"""


def test_who_is_asked_often_to_stop_stops():
    """With an Event a second signal in the first one's handler would wait for ever."""
    ended = subprocess.run([sys.executable, "-c", ASKED_OFTEN], capture_output=True, text=True,
                           check=True, timeout=PATIENCE_SEC)
    assert ended.stdout == "over\n"
