"""What all commands share: the connection to an engine, and output."""
import contextlib
import sys

from cliff.command import Command

from ...embedded import check_installed
from ...planning import command_lines
from .. import embedded_run, first_contact, outcome, session
from ..errors import Refused
from ..terminal import shown
from ..upgrades import Upgrades
from . import options


class Base(Command):
    """A command that speaks to an engine."""

    _json = False
    _service = _region = None

    def get_parser(self, prog_name):
        """Add the options of place and format, then the command's own (`add_options`)."""
        parser = super().get_parser(prog_name)
        self.add_options(parser)
        options.add_format(parser)
        options.add_place(parser)
        return parser

    def add_options(self, parser):
        """Add the command's own options."""

    def write(self, text):
        """Write a line for people; with -f json it goes to stderr."""
        stream = sys.stderr if self._json else sys.stdout
        print(shown(text), file=stream, flush=True)

    def run(self, parsed_args):
        """Turn --os-* options into variables, then act."""
        session.use_options(parsed_args)
        self._json = getattr(parsed_args, "format", "text") == "json"
        try:
            return super().run(parsed_args)
        except Refused as error:
            self.app.LOG.error(error)
            return outcome.REFUSED

    @contextlib.contextmanager
    def connected(self, args, look_only=False):
        """Give (Upgrades, whether the engine is ours and ends with us)."""
        if self.is_service(args):
            yield self._at_service(args, look_only), False
            return
        region = "" if look_only else self.log_in(args)
        with embedded_run.connected(args.state_dir, access_dir=args.access_dir,
                                    cloud=args.os_cloud, region=region,
                                    look_only=look_only) as found:
            yield found

    def _at_service(self, args, look_only):
        if self._service is None:
            client, scope = first_contact.service(args.mistral_url, args.os_cloud,
                                                  upgrades=not look_only)
            self._service = Upgrades(client, scope.region)
        return self._service

    def log_in(self, args):
        """Find what is wrong before the seconds that an engine takes, once; return the cloud's
        region."""
        if self._region is None:
            self._region = self._first_contact(args)
        return self._region

    @staticmethod
    def _first_contact(args):
        if embedded_run.running(args.state_dir):
            known = session.has_cloud(args.os_cloud)
            return session.find_cloud(args.os_cloud)[1].region if known else ""
        check_installed()
        asker, scope = first_contact.log_in(args.os_cloud)
        first_contact.check_region(asker, scope)
        first_contact.check_target(asker, scope, args)
        first_contact.check_access(args)
        return scope.region

    @staticmethod
    def is_service(args):
        """Whether the command speaks to a Mistral service, not to the embedded engine."""
        return bool(args.mistral_url or args.mistral_from_catalog)


def command(verb, args, *words):
    """Return the command line that does this with the same engine, cloud and access files."""
    return command_lines.command(verb, *words, options=options.place_of(args))
