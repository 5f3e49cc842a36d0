"""trove-dashboard's own Clusters panel, which it ships switched off; nothing where it is on."""
from trove_dashboard import exceptions
from trove_upgrade.interfaces.dashboard.switches import is_on

# Asked first: from the next line on this file itself would be the answer.
DISABLED = is_on("database_clusters")
PANEL = "database_clusters"
PANEL_DASHBOARD = "project"
PANEL_GROUP = "database"
ADD_PANEL = "trove_dashboard.content.database_clusters.panel.Clusters"
ADD_EXCEPTIONS = {"not_found": exceptions.NOT_FOUND, "recoverable": exceptions.RECOVERABLE,
                  "unauthorized": exceptions.UNAUTHORIZED}
