"""'Upgrade Cluster' and the pages behind it."""
PANEL = "cluster_upgrades"
PANEL_DASHBOARD = "project"
PANEL_GROUP = "database"
ADD_PANEL = "trove_upgrade.interfaces.dashboard.panel.ClusterUpgrades"
ADD_INSTALLED_APPS = ["trove_upgrade.interfaces.dashboard"]
ADD_JS_FILES = ["trove_upgrade/progress.js"]
ADD_SCSS_FILES = ["trove_upgrade/upgrade.scss"]
