"""How a command that serves until it is told to stop is told so."""
import signal
import threading


def wait_for_signal():
    """Wait for Ctrl-C or SIGTERM."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    signal.signal(signal.SIGINT, lambda *_: asked.set())
    asked.wait()
