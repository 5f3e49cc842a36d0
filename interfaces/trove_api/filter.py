"""The WSGI filter right before Trove's application.

In api-paste.ini: ``pipeline = ... extensions egg:trove-upgrade#trove_upgrade troveapp``
It answers the routes below. Every other request goes on untouched.
"""
import routes
import routes.middleware
from trove.common import policy, wsgi

from ...planning.lock_names import SIGN
from . import config, policies, reading
from .controller import UpgradeController

MARK = (SIGN, "1")     # by this the workflow knows that the routes are there
ROUTES = (
    ("PATCH", "/{tenant_id}/clusters/{id}", "patch"),
    ("PATCH", "/{tenant_id}/cluster/{id}", "patch"),        # as the blueprint writes it
    ("POST", "/{tenant_id}/clusters/{id}", "action"),
    ("GET", "/{tenant_id}/clusters/{id}/upgrade", "show"),
    ("PUT", "/{tenant_id}/clusters/{id}/upgrade", "take"),
    ("DELETE", "/{tenant_id}/clusters/{id}/upgrade", "give_back"),
)


class UpgradeFilter:
    """Answers ROUTES; of the actions on a cluster only ``upgrade``."""

    def __init__(self, app):
        self._app = app
        resource = UpgradeController().create_resource()
        mapper = routes.Mapper()
        for method, path, action in ROUTES:
            mapper.connect(path, action=action, controller=resource,
                           conditions={"method": [method]})
        self._router = routes.middleware.RoutesMiddleware(self._dispatch, mapper)

    def __call__(self, environ, start_response):
        return self._router(environ, start_response)

    def _dispatch(self, environ, start_response):
        match = environ["wsgiorg.routing_args"][1]
        if not match or (match["action"] == "action" and not _asks_for_upgrade(environ)):
            return self._app(environ, start_response)
        return match["controller"](environ, _marked(start_response))


def _asks_for_upgrade(environ) -> bool:
    """The body stays there to be read again."""
    kind = wsgi.Request(environ).content_type
    return reading.is_action(kind, reading.peek(environ), "upgrade")


def _marked(start_response):
    def start(status, headers, *error):
        return start_response(status, [*headers, MARK], *error)
    return start


def factory(global_conf, **local_conf):
    """For paste. Options are read from trove.conf, group [trove_upgrade_api].

    :raises ValueError: an option would make every upgrade fail.
    """
    config.check()
    policies.register(policy.get_enforcer())
    return UpgradeFilter
