"""plan, run, finalize: the commands that start a workflow."""
import json
import sys

from ...planning.groups import SET, kind_of, target_input
from .. import outcome, report, selection, session
from ..errors import BadInput
from ..inputs import add_inputs, add_target, read_inputs
from ..terminal import width_of
from ..upgrades import FINALIZE, Unreachable, finalize_inputs
from . import ask, options
from .following import Following


class Plan(Following):
    """Show what an upgrade would do: order, waves, checks, rollback path. Changes nothing."""

    def add_options(self, parser):
        """Add the workflow's inputs."""
        add_inputs(parser)

    def take_action(self, args):
        """Run the workflow as a dry run and print its plan."""
        with self.connected(args) as (upgrades, _):
            look = upgrades.plan(read_inputs(args))
        if look.plan is None:
            return self.finish(look, args)
        if self._json:
            print(json.dumps(look.plan, indent=2))
        else:
            for line in report.plan_lines(look.plan, width_of(sys.stdout)):
                self.write(line)
        return outcome.exit_code(look)


class Run(Following):
    """Upgrade a cluster or a replication set and follow it to the end.

    Ctrl-C asks whether to watch on, to pause after the wave at hand or to abort; without a
    terminal it pauses. Where a Mistral service or another process runs the upgrade, Ctrl-C only
    stops watching.
    """

    def add_options(self, parser):
        """Add the workflow's inputs."""
        add_inputs(parser)
        parser.add_argument("--detach", action="store_true",
                            help="with a Mistral service: start it and return at once")

    def take_action(self, args):
        """Start, follow, report."""
        execution = None
        try:
            with self.connected(args) as (upgrades, ours):
                execution = upgrades.start(read_inputs(args),
                                           who=session.user_name(args.os_cloud))
                if args.detach and not ours:
                    return self.finish(upgrades.progress(execution), args)
                self.write(f"Upgrade {execution} has begun.")
                return self.follow_to_end(upgrades, execution, args, ours)
        except Unreachable as error:
            return self.take_over(args, execution, error)


class Finalize(Following):
    """Do what closes the rollback path, once an upgraded cluster has proven itself."""

    def add_options(self, parser):
        """Add the cluster and its access."""
        add_target(parser, required=False)
        options.add_execution(parser, "say --cluster or --instance")
        options.add_yes(parser)
        parser.add_argument("--access", help="name of the access file of its members")

    def take_action(self, args):
        """Start the workflow trove_upgrade.finalize and follow it."""
        if len([one for one in (args.execution, args.cluster_id, args.instance_id) if one]) != 1:
            self.app.LOG.error("Name what is to be finalised: an EXECUTION or the name of its "
                               "cluster, or --cluster, or --instance.")
            return outcome.USAGE
        inputs = self.inputs(args)
        if ask.is_terminal() and not args.yes and not ask.confirm(
                f"Finalise {args.execution or args.cluster_id or args.instance_id}? Its rollback "
                "path is closed by that."):
            self.write("Nothing was done.")
            return outcome.ERROR
        with self.connected(args) as (upgrades, ours):
            execution = upgrades.start(inputs, workflow=FINALIZE,
                                       who=session.user_name(args.os_cloud))
            return self.follow_to_end(upgrades, execution, args, ours)

    def inputs(self, args):
        """Return the workflow's inputs; an upgrade that is named tells its cluster and access."""
        if not args.execution:
            return finalize_inputs(args.cluster_id or args.instance_id, args.access,
                                   of_set=args.instance_id is not None)
        with self.connected(args, look_only=True) as (upgrades, _):
            look = upgrades.progress(selection.newest(upgrades, args.execution, started=True))
        if not look.plan:
            raise BadInput(f"Execution {look.execution_id} never had a plan, so it has left "
                           "nothing to finalise.")
        access = args.access or look.plan["options"].get("access")
        return finalize_inputs(next(iter(target_input(look.plan).values())), access,
                               of_set=kind_of(look.plan) == SET)
