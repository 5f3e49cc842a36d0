"""The Python API and Trove as the user of a request, at the endpoints that Horizon uses."""
from typing import Any

from django.conf import settings
from horizon.utils.memoized import memoized
from keystoneauth1.token_endpoint import Token
from openstack_dashboard.api import base

from ...services.scope import MISTRAL, TROVE, Scope
from ..client import Client
from ..services import trove_client
from ..session import PatientSession, client_at

TIMEOUT_SEC = 30


def upgrades(request: Any) -> Client:
    """Our Python API; its errors are `ClientError`."""
    return Client(mistral=_mistral(request), trove=trove(request),
                  region=request.user.services_region)


@memoized
def trove(request: Any) -> Any:
    """A python-troveclient."""
    return trove_client(_session(request), url=base.url_for(request, TROVE))


@memoized
def _mistral(request: Any) -> Any:
    return client_at(_session(request), Scope(request.user.services_region or ""),
                     base.url_for(request, MISTRAL))


class _Token(Token):
    """Horizon's: it is renewed by logging in again, never here."""

    def __init__(self, user: Any):
        super().__init__("", user.token.id)
        self._project = user.project_id

    def get_project_id(self, session: Any, **kwargs: Any) -> str:
        """Without asking Keystone: Horizon knows it."""
        return self._project


def _session(request: Any) -> PatientSession:
    insecure = getattr(settings, "OPENSTACK_SSL_NO_VERIFY", False)
    authority = getattr(settings, "OPENSTACK_SSL_CACERT", None)
    return PatientSession(auth=_Token(request.user), timeout=TIMEOUT_SEC,
                          verify=False if insecure else authority or True)
