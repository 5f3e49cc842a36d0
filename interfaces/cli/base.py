"""What all commands share: the connection, and how an upgrade is followed and reported."""
import contextlib
import json
import shlex
import sys

from cliff.command import Command

from ...embedded import check_installed
from .. import embedded_run, first_contact, outcome, report, session
from ..errors import Refused, ServiceError, Unreachable
from ..terminal import shown
from ..upgrades import Upgrades
from . import options


class Base(Command):
    """A command that speaks to an engine."""

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
            client, asker, scope = session.service_client(args.mistral_url, args.os_cloud)
            if asker and not look_only:
                with session.catalog_errors():
                    first_contact.check_region(asker, scope)
            yield Upgrades(client, scope.region), False
            return
        region = "" if look_only else self._first_contact(args)
        with embedded_run.connected(args.state_dir, access_dir=args.access_dir,
                                    cloud=args.os_cloud, region=region,
                                    look_only=look_only) as found:
            yield found

    @staticmethod
    def _first_contact(args):
        """Find what is wrong before the seconds that an engine takes; return the cloud's region."""
        if embedded_run.running(args.state_dir):
            known = session.has_cloud(args.os_cloud)
            return session.find_cloud(args.os_cloud)[1].region if known else ""
        check_installed()
        asker, scope = first_contact.log_in(args.os_cloud)
        first_contact.check_target(asker, scope, args)
        first_contact.check_access(args)
        return scope.region

    @staticmethod
    def is_service(args):
        """Whether the command speaks to a Mistral service, not to the embedded engine."""
        return bool(args.mistral_url or args.mistral_from_catalog)

    def follow(self, upgrades, execution_id, pause_on_interrupt=False):
        """Show the upgrade until it ends or pauses; return its last Progress."""
        with self._reporter() as show:
            while True:
                try:
                    return self._watch(upgrades, execution_id, show)
                except KeyboardInterrupt:
                    if not pause_on_interrupt:
                        raise                  # within `except Unreachable`: say it as it is
                    pause_on_interrupt = False
                    upgrades.pause(execution_id)
                    self.write("Pausing when this wave has ended; Ctrl-C again to stop at once.")

    def follow_started(self, upgrades, execution, args, pause_on_interrupt):
        """Follow and report what was started here; it is never left behind without a word."""
        try:
            return self.finish(self.follow(upgrades, execution, pause_on_interrupt), args)
        except ServiceError as error:
            if isinstance(error, Unreachable) and not self.is_service(args):
                raise                      # the engine of another shell has ended: `take_over`
            self.app.LOG.error(error)
            self.write(f"Go on with: {command('resume', args)} {execution}")
            return outcome.PAUSED

    @staticmethod
    def _watch(upgrades, execution_id, show):
        for look in upgrades.follow(execution_id):
            show(look)
        return look

    def _reporter(self):
        return report.reporter(sys.stderr if self._json else sys.stdout, plain=self._json)

    def take_over(self, args, execution, error):
        """Go on after the engine went away: it was that of a command in another shell.

        ``error`` is raised again when that can't be the reason.
        """
        if not execution or self.is_service(args):
            raise error
        with self.connected(args) as (upgrades, ours):
            return self.finish(self.follow(upgrades, execution, pause_on_interrupt=ours), args)

    def finish(self, look, args):
        """Report a Progress and return the exit code."""
        if self._json:
            print(json.dumps(look.as_dict(), indent=2))
        else:
            for line in report.result_lines(look):
                self.write(line)
        if not look.ended:
            self.write(f"Go on with: {command('resume', args)} {look.execution_id}")
        return outcome.exit_code(look)


def command(name, args):
    """Return the command line that speaks to the same engine."""
    if args.mistral_url:
        return f"trove-upgrade {name} --mistral-url {shlex.quote(args.mistral_url)}"
    if args.mistral_from_catalog:
        return f"trove-upgrade {name} --mistral-from-catalog"
    if args.state_dir != str(embedded_run.default_state_dir()):
        return f"trove-upgrade {name} --state-dir {shlex.quote(args.state_dir)}"
    return f"trove-upgrade {name}"
