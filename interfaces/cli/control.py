"""list, show, watch, pause, resume, abort, rollback: the commands about an upgrade that exists."""
import dataclasses
import itertools
import json
import sys

from ...embedded import running
from .. import listing, outcome, report, rollback_path, selection, session
from ..embedded_run import has_access
from ..errors import BadInput
from ..inputs import TARGET, add_inputs, count, named, read_inputs
from ..shapes import Upgrade
from ..terminal import duration, width_of
from ..upgrades import Unreachable
from . import ask, options
from .base import Base
from .following import Following, placed


class List(Base):
    """List upgrades, newest first."""

    def add_options(self, parser):
        """Add how many, and whether with dry runs."""
        parser.add_argument("--limit", type=count, default=50, metavar="NUMBER",
                            help="at most so many (default: 50)")
        parser.add_argument("--all", action="store_true", help="with the plans (dry runs) too")
        parser.add_argument("--cluster", type=named, metavar="NAME",
                            help="only those of this cluster or set, by id or name")
        parser.add_argument("--kind", choices=listing.KINDS, help="only those of this kind")
        parser.add_argument("--state", metavar="WORD",
                            help="only those in this state: running, paused, or how they ended, "
                                 "such as refused")

    def take_action(self, args):
        """Print one line each."""
        names = {}
        with self.connected(args, look_only=True) as (upgrades, _):
            found = [*itertools.islice(self.wanted(upgrades, args), args.limit)]
            for one in found if not self._json else ():
                names |= selection.called(upgrades, one, names)
        if self._json:
            print(json.dumps([dataclasses.asdict(one) for one in found], indent=2))
        elif not found:
            chosen = args.cluster or args.kind or args.state
            self.write(listing.NONE_SUCH if chosen else listing.NONE)
        else:
            for line in listing.lines(found, names, width_of(sys.stdout)):
                print(line, flush=True)

    def wanted(self, upgrades, args):
        """Yield the upgrades that are asked for, newest first."""
        kind = args.kind or ("plan" if args.all else None)
        for one in map(Upgrade.of, upgrades.each(more=("output", "description"))):
            if args.kind and one.kind != args.kind or one.kind == "plan" and kind != "plan":
                continue
            if args.state and args.state.replace("_", " ").lower() not in (
                    listing.word(one), one.state.lower()):
                continue
            if not args.cluster or selection.is_about(upgrades, one, args.cluster):
                yield one


class Control(Following):
    """A command about one upgrade."""

    look_only = False
    question = ""       # is asked on a terminal before anything is done; {} is the upgrade

    def add_options(self, parser):
        """Add the execution, and --yes where there is a question."""
        options.add_execution(parser)
        if self.question:
            options.add_yes(parser)

    def take_action(self, args):
        """Find the upgrade, ask, connect, act.

        What is meant is found, and asked, before an engine is started: that makes it go on.
        """
        self.execution = args.execution
        try:
            if not (self.look_only or self.is_service(args)):
                self.log_in(args)
            with self.connected(args, look_only=True) as (upgrades, _):
                self.execution = self.choose(upgrades, args.execution)
                look = upgrades.progress(self.execution)
                if not self.agreed(look, args):
                    self.write("Nothing was done.")
                    return outcome.ERROR
                self.check_access(look, args)
                if self.look_only:
                    return self.act(upgrades, self.execution, args, False)
            with self.connected(args) as (upgrades, ours):
                return self.act(upgrades, self.execution, args, ours)
        except Unreachable as error:
            return self.take_over(args, self.execution, error)

    def agreed(self, look, args):
        """Whether a person says yes; true where nobody can be asked."""
        if not self.question or args.yes or not ask.is_terminal():
            return True
        return ask.confirm(self.question.format(report.named(look)))

    def check_access(self, look, args):
        """Refuse to go on here without the access file that the upgrade began with.

        :raises BadInput: naming the option.
        """
        job = (look.plan or {}).get("job", {})
        if self.look_only or look.ended or self.is_service(args) or not job.get("access_file"):
            return
        if not running(args.state_dir) and not has_access(args.access_dir, job["access"]):
            raise BadInput(f"The upgrade began with the access file {job['access']!r}, and there "
                           f"is none in {args.access_dir or 'the directory of this engine'}. Give "
                           "the same --access-dir again.")

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
        self.write(f"{look.execution_id}  {look.cluster}  {look.state}, {look.phase_and_place}, "
                   f"{duration(look.elapsed_sec)}")
        for line in report.progress_lines(look, width_of(sys.stdout)):
            self.write(f"  {line}")
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

    question = "Abort the upgrade of {}?"

    def act(self, upgrades, execution, args, ours):
        """Ask for it and follow it to its end."""
        upgrades.abort(execution)
        return self.follow_to_end(upgrades, execution, args, ours)


class Rollback(Control):
    """Take a cluster back to the version that an upgrade found, unless it is finalised.

    It is a roll like the upgrade, with the same order, gates and evidence. Without an EXECUTION it
    is the newest upgrade that still stands, if there is one cluster with such.
    """

    question = "Take back the upgrade of {}?"

    def add_options(self, parser):
        """Add the execution and the workflow's inputs."""
        options.add_execution(parser, "the newest that still stands, if it is one cluster's")
        options.add_yes(parser)
        add_inputs(parser, without=TARGET)

    def choose(self, upgrades, wanted):
        """The one that has left something to undo."""
        return selection.to_undo(upgrades, wanted)

    def act(self, upgrades, execution, args, ours):
        """Plan it, start it, follow it."""
        more = read_inputs(args, without=TARGET)
        inputs = rollback_path.inputs_back(upgrades.progress(execution), more=more)
        self.execution = upgrades.start_back(inputs, who=session.user_name(args.os_cloud))
        self.write(f"Rollback {self.execution} has begun.")
        return self.follow_to_end(upgrades, self.execution, args, ours)
