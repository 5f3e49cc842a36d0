"""engine: the embedded engine in the foreground."""
import urllib.request

from cliff.command import Command

from .. import session
from ..embedded_run import default_state_dir
from ..errors import ConnectionFailed
from . import exporter, options


class Engine(Command):
    """Run the embedded Mistral until Ctrl-C, for stock `mistral` and `openstack` commands."""

    def get_parser(self, prog_name):
        """Add directory, port, access files and cloud."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--state-dir", default=str(default_state_dir()), metavar="DIR",
                            type=options.given,
                            help=f"directory of its files (default: {options.DEFAULT_STATE})")
        parser.add_argument("--port", type=int, default=0, help="port (default: a free one)")
        parser.add_argument("--access-dir", metavar="DIR", type=options.given,
                            help="directory with the access files of the datastores")
        parser.add_argument("--config", metavar="FILE",
                            help="one more mistral.conf, whose options win: with [pecan] "
                            "auth_enable and [keystone_authtoken] its callers log in by Keystone")
        parser.add_argument("--metrics-port", type=int, metavar="PORT",
                            help="answer Prometheus at http://127.0.0.1:PORT/metrics (default: no)")
        options.add_cloud(parser)
        return parser

    def take_action(self, args):
        """Start it, say what to export, wait."""
        from ...embedded import EmbeddedEngine
        from ...embedded.signals import stops
        session.use_options(args)
        with EmbeddedEngine(args.state_dir, access_dir=args.access_dir, cloud=args.os_cloud,
                            port=args.port, config=args.config) as engine:
            print(f"export OS_MISTRAL_URL={engine.client_url}", flush=True)
            if urllib.request.getproxies() and not urllib.request.proxy_bypass("127.0.0.1"):
                print('export no_proxy="127.0.0.1,$no_proxy"', flush=True)
            for line in _ready(engine):
                print(f"# {line}", flush=True)
            if args.metrics_port is not None:
                serve_metrics(engine, args.metrics_port)
            stops().get()


def serve_metrics(engine, port):
    """Answer Prometheus about the engine, which knows one user's upgrades."""
    if engine.token is None:
        raise ConnectionFailed("This engine's callers log in by Keystone: use trove-upgrade "
                               "exporter, as the service user.")
    exporter.serve(session.engine_client(engine.url, engine.token), "", port)
    print(f"# Prometheus: http://127.0.0.1:{port}/metrics", flush=True)


def _ready(engine):
    """How stock clients reach it, and how it ends."""
    if engine.token is None:
        yield "Ready: mistral workflow-list, openstack workflow list, as a user of your Keystone."
    else:       # not --os-endpoint: every user of a machine sees its command lines
        yield ("Ready: mistral workflow-list; or OS_AUTH_TYPE=none OS_ENDPOINT=$OS_MISTRAL_URL "
               "openstack workflow list")
        yield "The URL holds the token of this start; keep it to yourself."
    yield "Ctrl-C stops it; what runs goes on when it is started again."
