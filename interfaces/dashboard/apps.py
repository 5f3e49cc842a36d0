"""The Django application; its label must differ from Horizon's own."""
from django.apps import AppConfig


class Dashboard(AppConfig):
    """Brings templates, static files and translations."""

    name = "trove_upgrade.interfaces.dashboard"
    label = "trove_upgrade_dashboard"
    verbose_name = "Cluster upgrades"
