"""The lab's Horizon: the real one, in a process of its own, with its static files.

`python -m trove_upgrade.lab.horizon.server --dir DIR [--parent PID] [--remove DIR]`

DIR/local/local_settings.py and DIR/enabled were written by the one who starts it (horizon.py).
When it answers, DIR/horizon.json appears: {"url", "pid"}. The double of Nova's API is served beside
it, under /lab-compute.
"""
import os
import sys
import warnings
from pathlib import Path

from .. import serving

STATIC = "/static"


def main() -> None:
    chosen = serving.options("The lab's Horizon")
    warnings.simplefilter("ignore")         # Horizon's own and its libraries', of no use here
    directory = Path(chosen.dir).resolve()
    sys.argv = ["horizon"]
    sys.path.insert(0, str(directory))      # so that `local.local_settings` is ours
    os.environ["DJANGO_SETTINGS_MODULE"] = "openstack_dashboard.settings"
    import django
    django.setup()
    _make_static_files()
    serving.serve(_application(directory / "static"), "horizon", chosen)


def _make_static_files() -> None:
    """As `manage.py collectstatic` and `manage.py compress`."""
    from django.core.management import call_command
    call_command("collectstatic", interactive=False, link=True, verbosity=0)
    call_command("compress", force=True, verbosity=0)


def _application(static: Path):
    from cheroot.wsgi import PathInfoDispatcher
    from django.core.wsgi import get_wsgi_application
    from werkzeug.middleware.shared_data import SharedDataMiddleware

    from . import compute
    pages = SharedDataMiddleware(get_wsgi_application(), {STATIC: str(static)})
    return PathInfoDispatcher({"/": pages, "/lab-compute": compute.application})


if __name__ == "__main__":
    main()
