"""exporter: metrics of a Mistral's upgrades for Prometheus."""
from ...embedded.signals import stops
from .. import session
from ..errors import ConnectionFailed
from . import options
from .base import Base

ADDRESS, PORT = "127.0.0.1", 9719
NEEDED = "Metrics need prometheus_client: pip install 'trove-upgrade[metrics]'"


class Exporter(Base):
    """Answer Prometheus about a Mistral's upgrades until Ctrl-C, at http://ADDRESS:PORT/metrics.

    Reads Mistral's API alone. Log in as the service user of the executors: it sees the upgrades of
    all projects, and the records and locks are its own.
    """

    def get_parser(self, prog_name):
        """Only a service is asked; an engine's endpoint is `engine --metrics-port`."""
        parser = super(Base, self).get_parser(prog_name)
        service = parser.add_mutually_exclusive_group(required=True)
        service.add_argument("--mistral-url", metavar="URL", help="the Mistral service at URL")
        service.add_argument("--mistral-from-catalog", action="store_true",
                             help="the Mistral service of the cloud's catalog")
        parser.add_argument("--address", default=ADDRESS, metavar="IP",
                            help=f"where it listens (default: {ADDRESS})")
        parser.add_argument("--port", type=int, default=PORT,
                            help=f"its port (default: {PORT})")
        options.add_cloud(parser)
        return parser

    def take_action(self, args):
        """Serve until a signal comes."""
        client, asker, _ = session.service_client(args.mistral_url, args.os_cloud)
        with session.catalog_errors():
            project_id = asker.get_project_id() if asker else ""
        serve(client, project_id or "", args.port, args.address)
        print(f"# Ready: http://{args.address}:{args.port}/metrics", flush=True)
        stops().get()


def serve(client, project_id, port, address=ADDRESS):
    """Answer Prometheus in a thread until this process ends.

    :raises ConnectionFailed: a package is missing, or the port can't be used.
    """
    try:
        from .. import exporter
    except ModuleNotFoundError as error:
        if error.name != "prometheus_client":
            raise
        raise ConnectionFailed(NEEDED) from error
    try:
        exporter.serve(exporter.Reader(client, project_id), port, address)
    except OSError as error:
        raise ConnectionFailed(f"Port {port} of {address} can't be used: {error.strerror}.") \
            from error
