"""Ports for servers that come back to theirs."""
import contextlib
import random
import socket


def free_port():
    """A port of 127.0.0.1 below the range of outgoing connections: a client that knocks while the
    server is down would take a port of that range, and the server could not come back to it."""
    choice = random.SystemRandom()
    while True:
        port = choice.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
