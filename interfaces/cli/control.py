"""list, show, watch, pause, resume, abort, rollback: the commands about an upgrade that exists."""
import dataclasses
import itertools
import json

from .. import outcome, report, rollback_path, selection
from ..inputs import TARGET, add_inputs, read_inputs
from ..report import title
from ..shapes import Upgrade
from ..upgrades import Unreachable
from . import options
from .base import Base
from .following import Following, placed


class List(Base):
    """List upgrades, newest first."""

    def add_options(self, parser):
        """Add how many, and whether with dry runs."""
        parser.add_argument("--limit", type=int, default=50, metavar="NUMBER",
                            help="at most so many (default: %(default)s)")
        parser.add_argument("--all", action="store_true", help="with the plans (dry runs) too")

    def take_action(self, args):
        """Print one line each."""
        with self.connected(args, look_only=True) as (upgrades, _):
            every = (Upgrade.of(one) for one in upgrades.each())
            wanted = (one for one in every if args.all or one.kind != "plan")
            found = [*itertools.islice(wanted, args.limit)]
        if self._json:
            print(json.dumps([dataclasses.asdict(one) for one in found], indent=2))
            return
        for one in found:
            self.write(f"{one.id}  {one.created_at}  {one.kind:8}  {one.state:9}  {one.cluster}  "
                       f"{one.datastore_version}".rstrip())


class Control(Following):
    """A command about one upgrade."""

    look_only = False

    def add_options(self, parser):
        """Add the execution."""
        options.add_execution(parser)

    def take_action(self, args):
        """Connect, find the upgrade, act."""
        self.execution = args.execution
        try:
            with self.connected(args, self.look_only) as (upgrades, ours):
                self.execution = self.choose(upgrades, args.execution)
                return self.act(upgrades, self.execution, args, ours)
        except Unreachable as error:
            return self.take_over(args, self.execution, error)

    def choose(self, upgrades, wanted):
        """Return the execution of the upgrade that is meant; ``wanted`` may be None."""
        return selection.under_way(upgrades, wanted)

    def act(self, upgrades, execution, args, ours):
        """Do it; return the exit code."""
        raise NotImplementedError


class Seen(Control):
    """A command that changes nothing; it may guess."""

    def add_options(self, parser):
        """Add the execution."""
        options.add_execution(parser, "the newest")

    def choose(self, upgrades, wanted):
        """The newest one."""
        return selection.newest(upgrades, wanted)


class Show(Seen):
    """Show where an upgrade stands; the exit code says how it ended."""

    look_only = True

    def act(self, upgrades, execution, args, ours):
        """Print it once."""
        look = placed(upgrades.progress(execution), args)
        if self._json:
            print(json.dumps(look.as_dict(), indent=2))
            return outcome.exit_code(look)
        self.write(f"{look.execution_id}  {look.cluster}  {look.state}, {look.phase}, "
                   f"{look.elapsed_sec:.0f} s")
        for number, wave in enumerate(look.waves, 1):
            for member in wave:
                self.write(f"  wave {number}  {title(member)}: {member.state}")
        for line in report.result_lines(look) if look.ended else []:
            self.write(line)
        return outcome.exit_code(look)


class Watch(Seen):
    """Follow an upgrade until it ends or pauses.

    Ctrl-C only stops watching, but when the embedded engine had to be started here: then it
    asks, as with `run`.
    """

    def act(self, upgrades, execution, args, ours):
        """Follow it; an engine that had to be started makes it go on."""
        return self.follow_to_end(upgrades, execution, args, ours)


class Pause(Control):
    """Pause an upgrade; the wave at hand ends first, be it the last."""

    def add_options(self, parser):
        """Add --now."""
        super().add_options(parser)
        parser.add_argument("--now", action="store_true",
                            help="at once, in the middle of a wave: see the operator's guide")

    def act(self, upgrades, execution, args, ours):
        """Ask for it, and wait until it is paused or over."""
        upgrades.pause(execution, now=args.now)
        return self.follow_to_end(upgrades, execution, args, ours)


class Resume(Control):
    """Go on with an upgrade that is paused or whose engine was stopped, and follow it."""

    def act(self, upgrades, execution, args, ours):
        """Resume its root."""
        upgrades.resume(execution)
        return self.follow_to_end(upgrades, execution, args, ours)


class Abort(Control):
    """End an upgrade after the wave at hand, undone as its --on-failure says."""

    def act(self, upgrades, execution, args, ours):
        """Ask for it and follow it to its end."""
        upgrades.abort(execution)
        return self.follow_to_end(upgrades, execution, args, ours)


class Rollback(Control):
    """Take a cluster back to the version that an upgrade found, unless it is finalised.

    It is a roll like the upgrade, with the same order, gates and evidence. Without an EXECUTION it
    is the newest upgrade that still stands, if there is one cluster with such.
    """

    def add_options(self, parser):
        """Add the execution and the workflow's inputs."""
        options.add_execution(parser, "the newest that still stands, if it is one cluster's")
        add_inputs(parser, without=TARGET)

    def choose(self, upgrades, wanted):
        """The one that has left something to undo."""
        return selection.to_undo(upgrades, wanted)

    def act(self, upgrades, execution, args, ours):
        """Plan it, start it, follow it."""
        more = read_inputs(args, without=TARGET)
        inputs = rollback_path.inputs_back(upgrades.progress(execution), more=more)
        self.execution = upgrades.start_back(inputs)
        self.write(f"Rollback {self.execution} has begun.")
        return self.follow_to_end(upgrades, self.execution, args, ours)
