"""Our actions in the rows of trove-dashboard's tables of clusters and of instances."""
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from horizon import tables
from trove_dashboard.content.database_clusters import tables as cluster_tables
from trove_dashboard.content.database_clusters import views as cluster_views
from trove_dashboard.content.databases import tables as instance_tables
from trove_dashboard.content.databases import views as instance_views

from .rights import may_upgrade
from .subject import IDLE

PANEL = "horizon:project:cluster_upgrades:"


class Link(tables.LinkAction):
    """A page about what the row is about."""

    def get_link_url(self, datum: Any) -> str:
        return reverse(self.url, args=[self.table.get_object_id(datum)])


class UpgradeCluster(Link):
    """Opens the form; for who may upgrade, while Trove does nothing else to the cluster."""

    name = "upgrade_cluster"
    verbose_name = _("Upgrade Cluster")
    url = PANEL + "upgrade"
    classes = ("ajax-modal",)
    icon = "arrow-up"

    def allowed(self, request: Any, cluster: Any = None) -> bool:
        return cluster is not None and cluster.task["name"] in IDLE and may_upgrade(request)


class UpgradeReplicationSet(Link):
    """The same for a source and its replicas, from the row of any of them."""

    name = "upgrade_replication_set"
    verbose_name = _("Upgrade Replication Set")
    url = PANEL + "upgrade"
    classes = ("ajax-modal",)
    icon = "arrow-up"

    def allowed(self, request: Any, instance: Any = None) -> bool:
        return _replicates(instance) and instance.status in ACTIVE and may_upgrade(request)


class Upgrades(Link):
    """Opens the page of the upgrades, the one under way first."""

    name = "upgrades"
    verbose_name = _("Show Upgrades")
    url = PANEL + "cluster"


class SetUpgrades(Upgrades):
    """The same for an instance that replicates."""

    def allowed(self, request: Any, instance: Any = None) -> bool:
        return _replicates(instance)


ACTIVE = instance_tables.ACTIVE_STATES


def _replicates(instance: Any) -> bool:
    return bool(getattr(instance, "replicas", None) or getattr(instance, "replica_of", None))


class ClustersTable(cluster_tables.ClustersTable):
    """trove-dashboard's table, with our actions before its own."""

    class Meta(cluster_tables.ClustersTable.Meta):
        row_actions = (UpgradeCluster, Upgrades, *cluster_tables.ClustersTable.Meta.row_actions)


class InstancesTable(instance_tables.InstancesTable):
    """trove-dashboard's table, with our actions after its own."""

    class Meta(instance_tables.InstancesTable.Meta):
        row_actions = (*instance_tables.InstancesTable.Meta.row_actions, UpgradeReplicationSet,
                       SetUpgrades)


def add_to_tables() -> None:
    """Let trove-dashboard's views use our tables; Horizon has no plug point for a row action."""
    cluster_views.IndexView.table_class = ClustersTable
    instance_views.IndexView.table_class = InstancesTable
