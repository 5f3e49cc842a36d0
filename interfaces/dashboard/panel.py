"""The panel of the pages: the overview in the menu, the others from a row of it."""
import horizon
from django.utils.translation import gettext_lazy as _


class ClusterUpgrades(horizon.Panel):
    """Where the catalog has Trove and Mistral."""

    name = _("Cluster Upgrades")
    slug = "cluster_upgrades"
    permissions = ("openstack.services.database", "openstack.services.workflowv2")
