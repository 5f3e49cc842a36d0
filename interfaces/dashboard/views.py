"""What the views share: errors as messages, and a cluster by the id in the URL."""
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from horizon import messages

from ..errors import ClientError
from .subject import Subject

CLUSTERS = reverse_lazy("horizon:project:database_clusters:index")
INSTANCES = reverse_lazy("horizon:project:databases:index")


def leave(request: Any, error: Exception, to: Any = CLUSTERS) -> HttpResponse:
    """Say what went wrong, on another page."""
    messages.error(request, str(error))
    return HttpResponseRedirect(str(to))


def home(subject: Subject) -> Any:
    """The page that lists it."""
    return INSTANCES if subject.is_set else CLUSTERS


def page_of(cluster_id: str, execution_id: Any) -> str:
    """URL of an upgrade's page."""
    return reverse("horizon:project:cluster_upgrades:progress", args=[cluster_id, execution_id])


class Told:
    """A view whose ClientErrors become a message on the page of all clusters."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().dispatch(request, *args, **kwargs)     # type: ignore[misc]
        except ClientError as error:
            return leave(request, error)
