"""Our templates without Horizon: just enough Django to render and to translate them."""
import warnings
from pathlib import Path

import django
import horizon
import horizon.defaults
import openstack_auth.defaults
import openstack_dashboard.defaults
from django.conf import settings
from django.urls import include, path

DEFAULTS = {name: value for module in (openstack_auth.defaults, horizon.defaults,
                                       openstack_dashboard.defaults)
            for name, value in vars(module).items() if name.isupper()}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
              "DIRS": [Path(horizon.__file__).parent / "templates"], "OPTIONS": {"libraries": {
                  "form_helpers": "horizon.templatetags.form_helpers"}}}]


def nowhere(*_, **__):
    """A view that is never asked."""


OURS = ([path("<cluster_id>/upgrade", nowhere, name="upgrade"),
         path("<cluster_id>/<execution_id>/<act>", nowhere, name="steer")], "cluster_upgrades")
CLUSTERS = ([path("", nowhere, name="index")], "database_clusters")
PROJECT = ([path("upgrades/", include(OURS)), path("clusters/", include(CLUSTERS))], "project")
HORIZON = ([path("project/", include(PROJECT))], "horizon")
urlpatterns = [path("", include(HORIZON))]


def set_up():
    """Once in a process; the browser tests configure no Django of their own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")        # eventlet's, of itself; Horizon imports it
        import eventlet  # noqa: F401
    if not settings.configured:
        settings.configure(**{
            **DEFAULTS, "INSTALLED_APPS": [
                "django.contrib.contenttypes", "django.contrib.auth", "openstack_auth",
                "trove_upgrade.interfaces.dashboard"],
            "AUTH_USER_MODEL": "openstack_auth.User",
            "TEMPLATES": TEMPLATES, "ROOT_URLCONF": __name__, "USE_I18N": True, "USE_TZ": True,
            "HORIZON_CONFIG": {}, "POLICY_FILES": {}, "SECRET_KEY": "only for tests"})
        django.setup()
