"""local_settings.py of the lab's Horizon, and the panels that it shows."""
from pathlib import Path

from ..keystone import Keystone

TEMPLATE = '''\
from openstack_dashboard.local import enabled as _enabled
# As if our files lay in openstack_dashboard/local/enabled, without touching that folder.
_enabled.__path__.append("{directory}/enabled")
DEBUG = False
LOCAL_PATH = "{directory}"
SECRET_KEY = "{secret}"
ALLOWED_HOSTS = ["127.0.0.1"]
WEBROOT = "/"
OPENSTACK_KEYSTONE_URL = "{keystone}"
OPENSTACK_ENDPOINT_TYPE = "{interface}URL"
OPENSTACK_SSL_CACERT = {cafile!r}
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
CACHES = {{"default": {{"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}}}
STATIC_ROOT = "{directory}/static"
COMPRESS_OFFLINE = True
AVAILABLE_THEMES = [("default", "Default", "themes/default")]
LOGGING = {{
    "version": 1, "disable_existing_loggers": False,
    "formatters": {{"plain": {{"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}}}},
    "handlers": {{"file": {{"class": "logging.FileHandler", "formatter": "plain",
                          "filename": "{directory}/horizon.log"}}}},
    "root": {{"handlers": ["file"], "level": "INFO"}},
}}
'''

# Panels of Nova, which is a double here that knows flavors and nothing else. Its Instances stay:
# trove-dashboard uses a template of that panel.
NOVAS = ("overview", "key_pairs", "server_groups")
AWAY = '''\
PANEL = "{panel}"
PANEL_DASHBOARD = "project"
PANEL_GROUP = "compute"
REMOVE_PANEL = True
'''
HOME = '''\
PANEL = "api_access"
PANEL_DASHBOARD = "project"
DEFAULT_PANEL = "api_access"
UPDATE_HORIZON_CONFIG = {"user_home": "/project/database_clusters/"}
'''


def write(directory: Path, keystone: Keystone, secret: str) -> None:
    """Write DIRECTORY/local/local_settings.py and the lab's own files of DIRECTORY/enabled."""
    local, enabled = directory / "local", directory / "enabled"
    for folder in (local, enabled):
        folder.mkdir(parents=True, exist_ok=True)
    (local / "__init__.py").touch()
    settings = local / "local_settings.py"
    settings.touch(mode=0o600)
    settings.write_text(TEMPLATE.format(
        directory=directory, keystone=keystone.url, interface=keystone.interface,
        cafile=keystone.cafile or None, secret=secret))
    for panel in NOVAS:
        (enabled / f"_9900_lab_without_{panel}.py").write_text(AWAY.format(panel=panel))
    (enabled / "_9990_lab_home.py").write_text(HOME)
