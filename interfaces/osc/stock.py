"""Leave `openstack database cluster upgrade CLUSTER VERSION` alone.

cliff takes words for commands even when they are abbreviated, so a cluster named `st` would be
read as `start`. Our commands take their whole names only; anything else goes to the command of
python-troveclient, as if we were not installed. A cluster that bears the whole name of one of our
commands is upgraded by its id.
"""
from osc_lib.command import command
from troveclient.osc.v1.database_clusters import UpgradeDatabaseCluster


class StockUpgrade(UpgradeDatabaseCluster):
    """The stock command, its first argument already read as a word of the command."""

    def __init__(self, app, app_args, cmd_name=None):
        super().__init__(app, app_args, cmd_name)
        self._cluster = cmd_name.split()[-1]

    def get_parser(self, prog_name):
        """The cluster stands in the name already."""
        parser = super(UpgradeDatabaseCluster, self).get_parser(prog_name)
        parser.add_argument("datastore_version", metavar="<datastore_version>",
                            help="A datastore version name or ID.")
        parser.set_defaults(cluster=self._cluster)
        return parser


class WholeName(command.Command):
    """A command of ours, ``verb``, unless it was abbreviated: then the stock one."""

    verb = ""

    def __new__(cls, app, app_args, cmd_name=None):
        """cliff makes commands by this call; what it returns is what runs."""
        if cmd_name and cmd_name.split()[-1] != cls.verb:
            return StockUpgrade(app, app_args, cmd_name)
        return super().__new__(cls)
