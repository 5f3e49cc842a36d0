"""show, list, watch, pause, resume, abort: the commands about upgrades that exist."""
from osc_lib.command import command

from ..inputs import count
from .base import Shown, Verb, add_upgrade, add_wait


class Show(Shown):
    """Show where an upgrade stands, member by member, and how it ended."""

    verb = "show"
    examples = ("orders", "orders -f json", "orders -c state -c phase -c upgraded")

    def add_arguments(self, parser):
        """Add the upgrade."""
        add_upgrade(parser)

    def take_action(self, parsed_args):
        """Look once."""
        return self.row(self.columns_of(self.client.show(parsed_args.upgrade)))


class List(Verb, command.Lister):
    """List the upgrades of this project, newest first."""

    verb = "list"
    examples = ("", "--cluster orders --limit 5", "--all --long -f csv")
    fields = ("id", "kind", "cluster", "datastore_version", "state", "created_at")
    more = ("updated_at", "message")

    def add_arguments(self, parser):
        """Add what to list."""
        parser.add_argument("--cluster", metavar="<cluster>", help="ID or name: only its upgrades")
        parser.add_argument("--limit", type=count, default=50, metavar="<number>",
                            help="at most so many (default: 50)")
        parser.add_argument("--all", action="store_true", help="with the plans (dry runs) too")
        parser.add_argument("--long", action="store_true", help="with end and message")

    def take_action(self, parsed_args):
        """Return columns and rows."""
        found = self.client.list(parsed_args.cluster, limit=parsed_args.limit,
                                 plans=parsed_args.all)
        fields = self.fields + (self.more if parsed_args.long else ())
        titles = [name.replace("_", " ").title().replace("Id", "ID") for name in fields]
        return titles, [[getattr(one, name) for name in fields] for one in found]


class Watch(Shown):
    """Follow an upgrade on stderr until it ends or pauses, then show it.

    Ctrl-C only stops watching. The exit code says how it ended.
    """

    verb = "watch"
    examples = ("orders", "orders -f json 2>/dev/null")

    def add_arguments(self, parser):
        """Add the upgrade."""
        add_upgrade(parser)

    def take_action(self, parsed_args):
        """Follow it."""
        return self.follow(parsed_args.upgrade)


class Asked(Shown):
    """A command that asks something of an upgrade, and can wait until that is done."""

    def add_arguments(self, parser):
        """Add the upgrade and --wait."""
        add_upgrade(parser)
        add_wait(parser)

    def take_action(self, parsed_args):
        """Ask; follow it when asked to."""
        look = self.ask(parsed_args)
        if parsed_args.wait:
            return self.follow(look.execution_id)
        return self.row(self.columns_of(look))

    def ask(self, parsed_args):
        """Ask it of the upgrade; return its Progress."""
        raise NotImplementedError


class Pause(Asked):
    """Pause an upgrade; the wave at hand ends first, be it the last."""

    verb = "pause"
    examples = ("orders", "orders --wait")

    def add_arguments(self, parser):
        """Add --now."""
        super().add_arguments(parser)
        parser.add_argument("--now", action="store_true",
                            help="at once, in the middle of a wave: see the operator's guide")

    def ask(self, parsed_args):
        """As the Python API does it."""
        return self.client.pause(parsed_args.upgrade, now=parsed_args.now)


class Resume(Asked):
    """Go on with an upgrade that is paused."""

    verb = "resume"
    examples = ("orders", "orders --wait")

    def ask(self, parsed_args):
        """As the Python API does it."""
        return self.client.resume(parsed_args.upgrade)


class Abort(Asked):
    """End an upgrade after the wave at hand, undone as its --on-failure says."""

    verb = "abort"
    examples = ("orders", "orders --wait")

    def ask(self, parsed_args):
        """As the Python API does it."""
        return self.client.abort(parsed_args.upgrade)
