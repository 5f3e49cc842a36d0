"""The page that follows an upgrade, the part of it that refreshes, and the cluster's history."""
import datetime
import itertools
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from horizon import views as horizon_views
from horizon.utils.functions import get_timezone

from ..errors import ClientError, UpgradeNotFound
from ..shapes import Upgrade
from . import look, plan, rights, services, subject, words
from .picture import picture
from .views import Told, home, page_of

HISTORY = 20


@dataclass(frozen=True)
class Past:
    """A line of the history."""

    url: str
    kind: Any
    version: str
    state: Any
    look: str
    began: datetime.datetime
    message: str
    shown: bool


class NewestView(Told, horizon_views.HorizonTemplateView):
    """The last upgrade, which is the one under way if any is; a page without one for none."""

    template_name = "trove_upgrade/none.html"
    page_title = _("Upgrades of {{ name }}")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Go to the page of that upgrade."""
        found = subject.find(request, kwargs["cluster_id"])
        recent = history(request, found)
        if not recent:
            return super().get(request, *args, **kwargs)
        return HttpResponseRedirect(page_of(kwargs["cluster_id"], last(recent).id))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        found = subject.find(self.request, kwargs["cluster_id"])
        return {**context, "name": found.name, "subject": found, "home": home(found),
                "may": rights.may_act(self.request, found), "cluster_id": kwargs["cluster_id"]}


class ProgressView(Told, horizon_views.HorizonTemplateView):
    """The whole page."""

    template_name = "trove_upgrade/progress.html"
    page_title = _("Upgrade of {{ name }}")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        cluster, run = kwargs["cluster_id"], str(kwargs["execution_id"])
        found = subject.find(self.request, cluster)
        return {**context, **live(self.request, cluster, run), "name": found.name,
                "history": [_past(cluster, run, one) for one in history(self.request, found)],
                "live_url": reverse("horizon:project:cluster_upgrades:live", args=[cluster, run])}


class LiveView(View):
    """The part that refreshes."""

    def get(self, request: Any, cluster_id: str, execution_id: Any) -> HttpResponse:
        """A piece of HTML; 503 when it can't be had now, and the page asks again."""
        # Horizon does so for whole pages only.
        timezone.activate(get_timezone(request))
        try:
            context = live(request, cluster_id, str(execution_id))
        except ClientError as error:
            return HttpResponse(str(error), status=503, content_type="text/plain")
        return render(request, "trove_upgrade/_live.html", context)


def live(request: Any, cluster_id: str, run: str) -> dict[str, Any]:
    """What the refreshing part shows.

    :raises UpgradeNotFound: it is an upgrade of another cluster.
    """
    client = services.upgrades(request)
    one = own(request, cluster_id, run)
    seen = client.show(run)
    found = subject.find(request, cluster_id)
    newest = not seen.ended or not_overtaken(history(request, found), run)
    shown = look.look_at(seen, one.kind, rights.may_act(request, found), newest)
    return {"look": shown, "progress": seen, "cluster_id": cluster_id,
            "picture": picture(seen, client.pauses(run)),
            "subject": found, "home": home(found),
            "plan": plan.show(seen.plan) if seen.plan else None,
            "state": words.RUN_STATES.get(seen.state, seen.state),
            "state_style": words.RUN_STYLES.get(seen.state, "default"),
            "status": words.STATUSES.get(shown.status, "")}


def history(request: Any, found: subject.Subject) -> list[Upgrade]:
    """Its last upgrades, the newest first."""
    return services.upgrades(request).list(named=found.names, limit=HISTORY,
                                           project=None if found.is_own else found.project)


def last(newest_first: list[Upgrade]) -> Upgrade:
    """The last that changed something, or may still: refused attempts do not hide it."""
    return next((one for one in newest_first if not one.refused), newest_first[0])


def not_overtaken(newest_first: list[Upgrade], run: str) -> bool:
    """Whether all that came after this run were refused."""
    return all(one.refused for one in
               itertools.takewhile(lambda one: one.id != run, newest_first))


def own(request: Any, cluster_id: str, run: str) -> Upgrade:
    """The upgrade of this id, if it is one of this cluster.

    :raises UpgradeNotFound: it is not.
    """
    one = services.upgrades(request).get(run)
    found = subject.find(request, cluster_id)
    if one.cluster not in found.names or one.project != found.project:
        raise UpgradeNotFound(_("There is no such upgrade of this cluster."))
    return one


def _past(cluster_id: str, run: str, one: Upgrade) -> Past:
    return Past(page_of(cluster_id, one.id), words.KINDS[one.kind], one.datastore_version,
                *words.state_of(one),
                datetime.datetime.fromisoformat(one.created_at).replace(tzinfo=datetime.UTC),
                one.message, one.id == run)
