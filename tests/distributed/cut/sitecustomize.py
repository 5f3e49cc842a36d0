"""Cuts a process of Mistral off from the members while a file CUT_OFF/NAME, which holds the
beginning of their addresses, is there; NAME is that of its mistral.conf."""
import errno
import os
import pathlib
import socket
import sys

_connect = socket.socket.connect


def connect(self, address):
    """As the socket's, unless the address is out of reach."""
    name = next((pathlib.Path(word).stem for word in sys.argv if word.endswith(".conf")), "")
    cut = pathlib.Path(os.environ.get("CUT_OFF", "/nowhere"), name or "nobody")
    if cut.exists() and isinstance(address, tuple) and address[0].startswith(cut.read_text()):
        raise OSError(errno.EHOSTUNREACH, "No route to host")
    return _connect(self, address)


socket.socket.connect = connect
