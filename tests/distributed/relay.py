"""The way from one process of Mistral to its broker or its database, to be cut."""
import signal

from trove_upgrade.embedded.ports import free_port
from trove_upgrade.lab.files import write_atomically
from trove_upgrade.lab.kinds.archive import environment
from trove_upgrade.lab.mistral.daemon import Daemon
from trove_upgrade.lab.mistral.proxy import ARCHIVE

CONFIGURATION = """\
defaults
  mode tcp
  timeout connect 5s
  timeout client 1d
  timeout server 1d
listen relay
  bind 127.0.0.1:{port}
  server there 127.0.0.1:{to}
"""


class Relay:
    """HAProxy in the way of a node to what an option of its mistral.conf names; restarts the node.

    :param node: of `trove_upgrade.lab.mistral.service`.
    :param option: its section and name; the value is a URL with a port.
    """

    def __init__(self, node, directory, option):
        (section, name), port = option, free_port()
        before, _, rest = node.sections[section][name].rpartition(":")
        to, slash, path = rest.partition("/")
        node.sections[section][name] = f"{before}:{port}{slash}{path}"
        file = directory / f"relay-{node.name}.cfg"
        write_atomically(file, CONFIGURATION.format(port=port, to=to))
        root = next(iter(ARCHIVE.servers().values()))
        self._process = Daemon(f"relay-{node.name}", directory, [
            f"{root}/usr/sbin/haproxy", "-db", "-f", str(file)], environment(root))
        self._process.start()
        node.restart()

    def refuse(self):
        """End what goes through it, and let nobody connect."""
        self._process.kill()

    def swallow(self):
        """Nothing comes through, and nobody hears of that."""
        self._process.signal(signal.SIGSTOP)

    def deliver(self):
        """Go on, with all that was swallowed."""
        self._process.signal(signal.SIGCONT)

    def renew(self):
        """Begin anew: what was swallowed is lost."""
        self._process.kill()
        self._process.start()
