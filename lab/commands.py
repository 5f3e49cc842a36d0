"""lab, demo: try it on a real Trove and real servers on this machine."""
import json
import os

from cliff.command import Command

from ..embedded.signals import stops
from ..interfaces.errors import BadInput

DEMOS = ("demo", "demo-upstream", "demo-failure")


class Lab(Command):
    """Bring up Keystone, Mistral, Trove and a cluster on this machine; stays until Ctrl-C."""

    def get_parser(self, prog_name):
        """Add the cluster's shape."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--name", default="shop", help="name of the cluster")
        _add_datastore(parser)
        parser.add_argument("--shape", metavar="KEY=NUMBER", action="append", default=[],
                            type=_pair, help="of the cluster, such as replicas=2")
        parser.add_argument("--token-sec", type=int, default=3600, metavar="SEC",
                            help="how long Keystone's tokens last (default: 3600)")
        parser.add_argument("--mistral", choices=("embedded", "distributed"), default="embedded",
                            help="one process, or a service of many on MariaDB and RabbitMQ "
                                 "(default: embedded)")
        parser.add_argument("--horizon", action="store_true", help="with the dashboard")
        parser.add_argument("--barbican", action="store_true", help="with Barbican")
        parser.add_argument("--tls", action="store_true",
                            help="its services speak TLS, with certificates of an own authority")
        parser.add_argument("--internal", action="store_true",
                            help="nobody listens at the public endpoints of its catalog")
        parser.add_argument("--second-region", action="store_true",
                            help="one more Trove, in RegionTwo, with a cluster of the same name")
        return parser

    def take_action(self, args):
        """Start it, say what to export, wait."""
        from .cloud import Cloud
        if args.tls and args.mistral == "distributed":
            raise BadInput("The lab's HAProxy speaks no TLS: leave out --tls or --mistral.")
        _use_archive(args)
        more = [name for name in ("barbican", "horizon") if getattr(args, name)]
        print(f"# Starting {', '.join(['Keystone, Trove, Mistral', *more])}", flush=True)
        with Cloud(token_sec=args.token_sec, dashboard=args.horizon, barbican=args.barbican,
                   tls=args.tls, internal=args.internal, second_region=args.second_region,
                   distributed=args.mistral == "distributed", kind=args.datastore) as cloud:
            cluster = cloud.lab.create_cluster(args.name, **dict(args.shape))
            if cloud.second:
                cloud.second.create_cluster(args.name, **dict(args.shape))
            print(_welcome(cloud, cluster), flush=True)
            stops().get()
            print("# Ending it; nothing is left behind", flush=True)


def _add_datastore(parser):
    """What the lab runs, and where it may come from."""
    from .kinds import KINDS
    parser.add_argument("--datastore", metavar="NAME", default="redis", choices=[*KINDS],
                        help="what the lab runs as guests (default: redis)")
    parser.add_argument("--ubuntu-archive", action="store_true",
                        help="let the lab fetch servers from Ubuntu's archive, which alone has "
                             "MySQL's")


def _use_archive(args):
    """The option is the variable, for this process and those that it starts."""
    from .kinds.mysql import SWITCH
    if args.ubuntu_archive:
        os.environ[SWITCH] = "1"


def _pair(text):
    """``replicas=2`` as ("replicas", 2); argparse tells of the ValueError."""
    key, _, number = text.partition("=")
    return key, int(number)


def _welcome(cloud, cluster):
    """What people read when the lab is up."""
    kind, old, new = cloud.lab.kind, cloud.lab.settings.old, cloud.lab.settings.new
    files = {user: cloud.write_rc(user) for user in ("demo", "admin")}
    what = "instance" if kind.replicates else "cluster"
    return f"""
# Cluster {cluster.name} ({cluster.id}) runs {kind.name} {old}; {new} is there, too.
# Its owner is demo, a member of project demo; the same lines stand in {files["demo"]}
{files["demo"].read_text()}
# The administrator:   . {files["admin"]}

# In another shell, after   . {files["demo"]}
#   openstack database {what} list
{_as_operator(kind, files["admin"])}#   mistral execution-list
{_upgrade(kind, cluster, new)}
#   trove-upgrade watch --mistral-from-catalog
# Without --mistral-from-catalog an engine of your own asks the members, by
#   --access-dir {cloud.access_dir}
{_second_region(cloud)}{_dashboard(cloud)}# Ctrl-C ends it all and removes {cloud.directory}"""


def _as_operator(kind, file):
    """Who has to upgrade what its owner does not see whole."""
    return f"# Trove shows all its members to the administrator only, so after   . {file}\n" \
        if kind.for_operators else ""


def _upgrade(kind, cluster, version):
    """The command that upgrades it."""
    entry, wanted = ("replication_set", "instance_id") if kind.replicates else (
        "cluster", "cluster_id")
    inputs = {wanted: cluster.id if kind.for_operators else cluster.name,
              "datastore_version": version}
    if kind.consent:
        inputs["skip_checks"] = kind.consent
    return f"""#   mistral execution-create trove_upgrade.{entry} \\
#     '{json.dumps(inputs)}'"""


def _second_region(cloud):
    """How to get there."""
    return "" if cloud.second is None else f"""
# Another {cloud.lab.kind.name} of that name is in the other region, after
#   export OS_REGION_NAME={cloud.second.region}
"""


def _dashboard(cloud):
    """Where to log in, and as whom."""
    if cloud.horizon is None:
        return ""
    people = "".join(f"#   {user:<7} {cloud.password(user)}   {about}\n" for user, about in (
        ("demo", "owns the cluster"), ("reader", "may look, may not upgrade"),
        ("other", "another project"), ("admin", "the operator")))
    return f"""
# The dashboard:   {cloud.horizon.url}   domain Default, and one of
{people}
"""


class Demo(Command):
    """Run a demo: demo, demo-upstream or demo-failure."""

    def get_parser(self, prog_name):
        """Add the demo's name and its own arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name", nargs="?", default="demo", choices=DEMOS)
        _add_datastore(parser)
        parser.add_argument("--out", metavar="DIR", default="build/demo",
                            help="directory of report.json and timeline.svg (default: build/demo)")
        return parser

    def take_action(self, args):
        """Run it; its exit code is ours."""
        from .demo import run_demo
        _use_archive(args)
        return run_demo(args.name, args.out, kind=args.datastore)
