"""The panel that carries the pages; they are reached from a cluster's row, not from the menu."""
import horizon
from django.utils.translation import gettext_lazy as _


class ClusterUpgrades(horizon.Panel):
    """Where the catalog has Trove and Mistral."""

    name = _("Cluster Upgrades")
    slug = "cluster_upgrades"
    permissions = ("openstack.services.database", "openstack.services.workflowv2")
    nav = False
