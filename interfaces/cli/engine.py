"""engine: the embedded engine in the foreground."""
import signal
import threading

from cliff.command import Command

from .. import session
from ..embedded_run import default_state_dir
from . import options


class Engine(Command):
    """Run the embedded Mistral until Ctrl-C, for stock `mistral` and `openstack` commands."""

    def get_parser(self, prog_name):
        """Add directory, port, access files and cloud."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--state-dir", default=str(default_state_dir()), metavar="DIR",
                            help="directory of its files (default: %(default)s)")
        parser.add_argument("--port", type=int, default=0, help="port (default: a free one)")
        parser.add_argument("--access-dir", metavar="DIR",
                            help="directory with the access files of the datastores")
        parser.add_argument("--config", metavar="FILE",
                            help="one more mistral.conf, whose options win: with [pecan] "
                            "auth_enable and [keystone_authtoken] its callers log in by Keystone")
        options.add_cloud(parser)
        return parser

    def take_action(self, args):
        """Start it, say what to export, wait."""
        from ...embedded import EmbeddedEngine
        session.use_options(args)
        with EmbeddedEngine(args.state_dir, access_dir=args.access_dir, cloud=args.os_cloud,
                            port=args.port, config=args.config) as engine:
            print(f"export OS_MISTRAL_URL={engine.url}", flush=True)
            print("# Ready: mistral workflow-list; or openstack --os-auth-type none "
                  f"--os-endpoint {engine.url} workflow list\n# Ctrl-C stops it; what runs goes "
                  "on when it is started again.", flush=True)
            wait_for_signal()


def wait_for_signal():
    """Wait for Ctrl-C or SIGTERM."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    signal.signal(signal.SIGINT, lambda *_: asked.set())
    asked.wait()
