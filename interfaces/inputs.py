"""The workflow's inputs as command line options, from schemas/input.json."""
import argparse

from ..planning.command_lines import SKIP_CHECK, WITHOUT_FLAG, flag_of
from ..schemas import load

TARGET = ("cluster_id", "datastore_version")
INSTANCE = "instance_id"
REGION = "region"           # the cloud's, by --os-region-name


def named(text):
    """A name or an id. An empty one, of a shell's variable that is not set, is not "any"."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return text


def count(text):
    """A whole number above 0."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def web_url(text):
    """The URL of a service."""
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} does not begin with http:// or https://")
    return text


def add_inputs(parser, without=()):
    """Add an option for each input, but for those of ``without``, and --skip-check."""
    schema = load("input")
    group = parser.add_argument_group("upgrade")
    for name, about in schema["properties"].items():
        if name == "cluster_id" and name not in without:
            add_target(group, about["description"])
        elif name not in (*WITHOUT_FLAG, REGION, *without):
            _add_input(group, name, about, name in schema["required"])
    group.add_argument(SKIP_CHECK, action="append", default=[], metavar="NAME",
                       help="preflight check that must not refuse the run (repeatable)")


def read_inputs(options, without=()):
    """Return the inputs that were given, ``skip_checks`` as a list."""
    given = {name: value for name in (INSTANCE, *load("input")["properties"])
             if name not in without and (value := getattr(options, name, None)) is not None}
    return given | ({"skip_checks": options.skip_check} if options.skip_check else {})


def add_target(parser, cluster="id or unique name of the cluster", required=True):
    """Add --cluster and --instance, one of which must be given when it is ``required``."""
    target = parser.add_mutually_exclusive_group(required=required)
    target.add_argument("--cluster", dest="cluster_id", type=named, metavar="STR", help=cluster)
    target.add_argument("--instance", dest=INSTANCE, type=named, metavar="STR",
                        help="Id (or unique name) of the source, or of any replica, of a "
                             "replication set.")


def _add_input(group, name, about, required):
    flag = flag_of(name)
    text = about["description"].replace("%", "%%")
    if "default" in about:
        text += f" (default: {about['default']})"
    common = {"dest": name, "required": required, "help": text}
    if about.get("type") == "boolean":
        group.add_argument(flag, action=argparse.BooleanOptionalAction, default=None,
                           dest=name, help=text)
    elif "enum" in about:
        group.add_argument(flag, choices=about["enum"], **common)
    else:
        kind = {"integer": int, "number": float}.get(about.get("type"), str)
        group.add_argument(flag, type=named if kind is str else _number(kind, about),
                           metavar=kind.__name__.upper(), **common)


def _number(kind, about):
    """How to read one in the bounds of the schema."""
    least, most = about["minimum"], about["maximum"]

    def read(text):
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least} to {most}")
        return value

    read.__name__ = kind.__name__       # argparse tells it of what is no number
    return read
