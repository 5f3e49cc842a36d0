"""Options that several commands share."""
import argparse
import functools
import pathlib

from ...planning.command_lines import option
from .. import outcome, session
from ..embedded_run import default_state_dir
from ..inputs import named, web_url
from ..terminal import shown

DEFAULT_STATE = "trove-upgrade in $XDG_STATE_HOME, or in ~/.local/state"


def given(text):
    """Return the text; an empty one would not be what a script meant."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; is a variable of your script not set?")
    return text


def add_place(parser):
    """Add where the engine is, and the cloud it speaks to."""
    place = parser.add_argument_group("where")
    place.add_argument("--state-dir", default=str(default_state_dir()), metavar="DIR", type=given,
                       help=f"directory of the embedded engine (default: {DEFAULT_STATE})")
    service = place.add_mutually_exclusive_group()
    service.add_argument("--mistral-url", type=web_url, metavar="URL",
                         help="use the Mistral service at URL, not the embedded engine")
    service.add_argument("--mistral-from-catalog", action="store_true",
                         help="use the Mistral service of the cloud's catalog")
    place.add_argument("--access-dir", metavar="DIR", type=given,
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
    parser.error = functools.partial(refuse_usage, parser)


def refuse_usage(parser, message):
    """Say in three lines what is wrong, what is needed, and where the rest is told; exit."""
    needed = [" ".join([max(one.option_strings, key=len), one.metavar or one.dest.upper()])
              for one in parser._actions if one.required and one.option_strings]
    needed += [f"({' | '.join(f'{one.option_strings[0]} {one.metavar}' for one in each)})"
               for each in (group._group_actions for group in parser._mutually_exclusive_groups
                            if group.required)]
    places = [f"[{one.metavar or one.dest}]" for one in parser._actions if not one.option_strings]
    lines = [f"{parser.prog}: error: {message}",
             " ".join(["usage:", parser.prog, *needed, "[options]", *places]),
             f"All options: {parser.prog} --help"]
    parser.exit(outcome.USAGE, "".join(f"{shown(line)}\n" for line in lines))


def place_of(args):
    """Return the words of a command line that lead another command to the same engine and cloud.

    Secrets are left out, and what came by variables: those still hold. Paths are made absolute, so
    the command may be given from anywhere.
    """
    words = ["--mistral-from-catalog"] if args.mistral_from_catalog else []
    if args.mistral_url:
        words += option("--mistral-url", args.mistral_url)
    if args.state_dir != str(default_state_dir()):
        words += option("--state-dir", pathlib.Path(args.state_dir).absolute())
    if args.access_dir:
        words += option("--access-dir", pathlib.Path(args.access_dir).absolute())
    for name in session.VARIABLES:
        value = getattr(args, "os_" + name.replace("-", "_"))
        if value is not None and name not in session.SECRETS:
            words += ["--insecure"] if name == session.INSECURE else option(f"--os-{name}", value)
    return words


def secrets_of(args):
    """Return the secret options that were given, which no printed command holds."""
    return [f"--os-{name}" for name in session.SECRETS
            if getattr(args, "os_" + name.replace("-", "_")) is not None]


def add_format(parser):
    """Add -f text|json."""
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text",
                        help="json: stdout holds one JSON object and nothing else")


def add_yes(parser):
    """Add --yes, for a command that asks."""
    parser.add_argument("-y", "--yes", action="store_true",
                        help="do not ask; without a terminal nothing is asked anyway")


def add_execution(parser, default="the only one under way"):
    """Add the upgrade a command is about."""
    parser.add_argument("execution", nargs="?", type=named, metavar="EXECUTION",
                        help="execution id of the upgrade, or id or name of its cluster or of an "
                             f"instance of its replication set (default: {default})")
