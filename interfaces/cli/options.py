"""Options that several commands share."""
import argparse

from .. import outcome, session
from ..embedded_run import default_state_dir


def add_place(parser):
    """Add where the engine is, and the cloud it speaks to."""
    place = parser.add_argument_group("where")
    place.add_argument("--state-dir", default=str(default_state_dir()), metavar="DIR",
                       help="directory of the embedded engine (default: %(default)s)")
    service = place.add_mutually_exclusive_group()
    service.add_argument("--mistral-url", metavar="URL",
                         help="use the Mistral service at URL, not the embedded engine")
    service.add_argument("--mistral-from-catalog", action="store_true",
                         help="use the Mistral service of the cloud's catalog")
    place.add_argument("--access-dir", metavar="DIR",
                       help="embedded engine: directory with the access files of the datastores")
    add_cloud(parser)


def add_cloud(parser):
    """Add the cloud's options: --os-cloud and friends."""
    cloud = parser.add_argument_group("cloud", "Each is also read from the variable OS_NAME.")
    for name in session.VARIABLES:
        if name != session.INSECURE:
            cloud.add_argument(f"--os-{name}", metavar=name.rsplit("-", 1)[-1].upper())
    cloud.add_argument("--insecure", dest="os_insecure", action="store_const", const="true",
                       help="take any certificate for good; for tests (OS_INSECURE)")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = outcome.epilog()


def add_format(parser):
    """Add -f text|json."""
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text",
                        help="json: stdout holds one JSON object and nothing else")


def add_execution(parser, default="the only one under way"):
    """Add the upgrade a command is about."""
    parser.add_argument("execution", nargs="?", metavar="EXECUTION",
                        help="execution id of the upgrade, or id or name of its cluster or of an "
                             f"instance of its replication set (default: {default})")
