"""What the commands share: the client, help with examples, waiting, exit codes."""
import argparse
import sys
from typing import Any

from cliff._argparse import SmartHelpFormatter
from osc_lib.command import command

from ...planning.command_lines import command as command_line
from .. import outcome, report
from ..errors import ClientError, Refused, UnderUpgrade
from ..terminal import shown
from . import columns
from .stock import WholeName

STOPPED_WATCHING = 130
ESCAPE_BY_THEMSELVES = ("json", "yaml")     # formats that give programs the data as it is


class Help(SmartHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of examples as they are."""


class Verb(WholeName):
    """A command on upgrades. ``examples``: what stands behind `openstack database ...`."""

    examples: tuple[str, ...] = ()

    @property
    def client(self):
        """Our Python API."""
        manager: Any = self.app.client_manager        # plugins add their attributes to it
        return manager.database_upgrade

    def get_parser(self, prog_name):
        """Add the command's own arguments (`add_arguments`) and the examples."""
        parser = super().get_parser(prog_name)
        parser.formatter_class = Help
        shown = (f"  {columns.OURS} {self.verb} {one}".rstrip() for one in self.examples)
        parser.epilog = "\n".join(("examples:", *shown, "", parser.epilog or ""))
        self.add_arguments(parser)
        return parser

    def add_arguments(self, parser):
        """Add the command's own arguments."""

    def run(self, parsed_args):
        """Do it; an error is one line that the terminal does not obey."""
        try:
            return super().run(parsed_args)
        except ClientError as error:
            error.args = (shown(error),)
            raise

    def produce_output(self, parsed_args, column_names, data):
        """Write it; names and messages are shown, not obeyed."""
        if parsed_args.formatter not in ESCAPE_BY_THEMSELVES:
            data = _shown(data)
        return super().produce_output(parsed_args, column_names, data)


class Shown(Verb, command.ShowOne):
    """A command that shows one thing; ``code`` is its exit code."""

    code = outcome.OK

    def run(self, parsed_args):
        """Show it, then say by the exit code what it came to."""
        try:
            super().run(parsed_args)
        except (Refused, UnderUpgrade) as error:
            self.app.LOG.error(error)
            return outcome.REFUSED
        return self.code

    def follow(self, what):
        """Show on stderr how it goes on until it ends or pauses; return the row of its end."""
        try:
            with report.reporter(sys.stderr) as show:
                look = self.client.wait(what, on_progress=show)
        except KeyboardInterrupt:
            self.code = STOPPED_WATCHING
            look = self.client.show(what)
            print("\nIt goes on without being watched.", file=sys.stderr)
            for words, verb in (("Watch", "watch"), ("Pause", "pause"), ("Abort", "abort")):
                line = command_line(verb, look.execution_id, program=columns.program_of(self.app))
                print(f"{words} it with: {line}", file=sys.stderr)
        else:
            self.code = outcome.exit_code(look)
        return self.row(self.columns_of(look))

    def columns_of(self, look):
        """Return {column: value} of a Progress; its commands lead to the same cloud."""
        return columns.of_progress(look, columns.program_of(self.app))

    @staticmethod
    def row(data):
        """Return what cliff wants of a ShowOne."""
        return tuple(data), tuple(data.values())


def _shown(data):
    """The data of one thing or of many, its texts as `shown`."""
    if isinstance(data, str):
        return shown(data)
    return [_shown(one) for one in data] if isinstance(data, (list, tuple)) else data


def add_cluster(parser):
    """Add <cluster>."""
    parser.add_argument("cluster", metavar="<cluster>", help="ID or name of the cluster")
    parser.add_argument("--replication-set", action="store_true",
                        help="<cluster> is a database instance instead: the source, or any "
                             "replica, of a replication set")


def add_upgrade(parser):
    """Add <upgrade>."""
    parser.add_argument("upgrade", metavar="<upgrade>",
                        help="ID of the upgrade (its execution), or ID or name of the cluster, or "
                             "of any instance of the replication set: then the upgrade under way, "
                             "else the newest one")


def add_wait(parser):
    """Add --wait."""
    parser.add_argument("--wait", action="store_true",
                        help="show on stderr how it goes on, until it has ended or is paused; "
                             "the exit code then says how it ended")
