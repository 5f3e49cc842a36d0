"""plan, start, rollback, finalize: the commands that start a workflow."""
from .. import outcome
from ..inputs import TARGET, add_inputs, read_inputs
from . import columns
from .base import Shown, add_cluster, add_upgrade, add_wait


def add_target(parser):
    """Add <cluster>, <datastore-version> and the workflow's inputs."""
    add_cluster(parser)
    parser.add_argument("datastore_version", metavar="<datastore-version>",
                        help="ID or name of a version of the cluster's own datastore")
    add_inputs(parser, without=TARGET)


class Started(Shown):
    """A command that starts an execution, and can wait for its end."""

    def add_arguments(self, parser):
        """Add --wait."""
        add_wait(parser)

    def take_action(self, parsed_args):
        """Start it; follow it when asked to."""
        started = self.begin(parsed_args)
        if parsed_args.wait:
            return self.follow(started)
        return self.row(columns.of_upgrade(started))

    def begin(self, parsed_args):
        """Start it and return the Upgrade."""
        raise NotImplementedError


class Plan(Shown):
    """Show what an upgrade would do: order, waves, checks, rollback path. Changes nothing.

    The exit code is 3 when a check refuses it.
    """

    verb = "plan"
    examples = ("orders 9.1.2", "orders 9.1.2 --parallelism domain -f json",
                "orders 9.1.2 -c ready -c checks")

    def add_arguments(self, parser):
        """Add the target and the inputs."""
        add_target(parser)

    def take_action(self, parsed_args):
        """Make a dry run to its end."""
        client, of_set = self.client, parsed_args.replication_set
        plan = (client.plan_replication_set if of_set else client.plan)(
            parsed_args.cluster, parsed_args.datastore_version,
            **read_inputs(parsed_args, without=TARGET))
        self.code = outcome.OK if plan["ready"] else outcome.REFUSED
        return self.row(columns.of_plan(plan))


class Start(Started):
    """Start an upgrade with all its options; --wait follows it to the end."""

    verb = "start"
    examples = ("orders 9.1.2", "orders 9.1.2 --wait",
                "orders 9.1.2 --on-failure pause --bake-sec 600 --pause-after first")

    def add_arguments(self, parser):
        """Add the target and the inputs."""
        add_target(parser)
        super().add_arguments(parser)

    def begin(self, parsed_args):
        """As the Python API does it."""
        client, of_set = self.client, parsed_args.replication_set
        return (client.upgrade_replication_set if of_set else client.upgrade)(
            parsed_args.cluster, parsed_args.datastore_version,
            **read_inputs(parsed_args, without=TARGET))


class Rollback(Started):
    """Take a cluster back to the version that an upgrade found, unless it is finalised.

    It is a roll like the upgrade, with the same order, gates and evidence.
    """

    verb = "rollback"
    examples = ("orders", "orders --wait", "b0f7c1a2-6f0e-4d6b-9f5e-2b8e8a4d5c11",
                "orders --datastore-version 8.1.8")

    def add_arguments(self, parser):
        """Add the upgrade, and what may have to be said in addition."""
        add_upgrade(parser)
        parser.add_argument("--datastore-version", metavar="<datastore-version>",
                            help="where to, when Mistral has forgotten the upgrade")
        add_inputs(parser, without=TARGET)
        super().add_arguments(parser)

    def begin(self, parsed_args):
        """As the Python API does it."""
        return self.client.rollback(parsed_args.upgrade, parsed_args.datastore_version,
                                    **read_inputs(parsed_args, without=TARGET))


class Finalize(Started):
    """Do what closes the rollback path, once an upgraded cluster has proven itself."""

    verb = "finalize"
    examples = ("orders", "orders --wait")

    def add_arguments(self, parser):
        """Add the cluster and its access."""
        add_cluster(parser)
        parser.add_argument("--access", help="name of the access file of its members")
        super().add_arguments(parser)

    def begin(self, parsed_args):
        """As the Python API does it."""
        client, of_set = self.client, parsed_args.replication_set
        return (client.finalize_replication_set if of_set else client.finalize)(
            parsed_args.cluster, access=parsed_args.access)
