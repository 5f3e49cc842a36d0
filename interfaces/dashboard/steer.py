"""Pause, resume, abort, roll back, finalise: each asks once more and says what it will do."""
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon import forms, messages
from horizon.exceptions import NotAuthorized

from ..client import Client
from ..errors import ClientError
from . import rights, services
from .progress import own
from .subject import Subject, find
from .views import Told, page_of


@dataclass(frozen=True)
class Act:
    """One button: what it is called, what it does, what is said when that was asked for.

    ``do(client, subject, execution id)`` returns the id of the execution to look at next.
    """

    title: Any
    about: Any
    said: Any
    do: Callable[[Client, Subject, str], str]


def _same(verb: str) -> Callable[[Client, Subject, str], str]:
    return lambda client, subject, run: getattr(client, verb)(run).execution_id


def _finalize(client: Client, subject: Subject) -> str:
    finalize = client.finalize_replication_set if subject.is_set else client.finalize
    return finalize(subject.id).id


ACTS = {
    "pause": Act(
        gettext_lazy("Pause"),
        gettext_lazy("The members that are unavailable now come back first; then it waits until "
                     "you resume it. The cluster stays reserved meanwhile."),
        gettext_lazy("It pauses as soon as the members in hand are back."), _same("pause")),
    "resume": Act(
        gettext_lazy("Resume"),
        gettext_lazy("It goes on with the next members, after it has asked anew whether that is "
                     "safe."),
        gettext_lazy("It goes on."), _same("resume")),
    "abort": Act(
        gettext_lazy("Abort"),
        gettext_lazy("The members that are unavailable now come back first. No other member is "
                     "begun. What is done is undone as you chose when it was started; then the "
                     "cluster is given back."),
        gettext_lazy("It ends as soon as the members in hand are back."), _same("abort")),
    "rollback": Act(
        gettext_lazy("Roll Back"),
        gettext_lazy("All members go back to the version that this upgrade found, one wave at a "
                     "time and with the same care. A plan is made first; if a check says no, "
                     "nothing is touched."),
        gettext_lazy("Going back has begun."),
        lambda client, subject, run: client.rollback(run).id),
    "finalize": Act(
        gettext_lazy("Finalise"),
        gettext_lazy("The members get their normal settings back and save their data in the new "
                     "version's format. After that no member can go back to the old version. Do it "
                     "when the cluster has proven itself."),
        gettext_lazy("The rollback path is being closed."),
        lambda client, subject, run: _finalize(client, subject)),
}


class SteerForm(forms.SelfHandlingForm):
    """Nothing to fill in: to send it is to say yes."""

    def handle(self, request: Any, data: dict) -> bool:
        """The view does it."""
        return True


class SteerView(Told, forms.ModalFormView):
    """One of ACTS, by its name in the URL."""

    form_class = SteerForm
    form_id = "steer_upgrade_form"
    modal_id = "steer_upgrade_modal"
    template_name = "trove_upgrade/steer.html"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Nobody without the right gets as far as the form."""
        rights.require(request)
        if kwargs["act"] not in ACTS:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        act, page = ACTS[self.kwargs["act"]], self._page(self.kwargs["execution_id"])
        context = super().get_context_data(**kwargs)
        cluster = self.kwargs["cluster_id"]
        return {**context, "about": act.about, "page_title": act.title, "modal_header": _(
            "%(act)s: upgrade of %(cluster)s") % {
                "act": act.title, "cluster": find(self.request, cluster).name},
                "submit_label": act.title, "cancel_url": page,
                "submit_url": reverse("horizon:project:cluster_upgrades:steer", args=[
                    cluster, self.kwargs["execution_id"], self.kwargs["act"]])}

    def form_valid(self, form: SteerForm) -> HttpResponse:
        """Do it, and go to the page of what was steered or begun."""
        act, run = ACTS[self.kwargs["act"]], str(self.kwargs["execution_id"])
        subject = find(self.request, self.kwargs["cluster_id"])
        if not rights.may_act(self.request, subject):
            raise NotAuthorized
        own(self.request, self.kwargs["cluster_id"], run)
        try:
            run = act.do(services.upgrades(self.request), subject, run)
        except ClientError as error:
            messages.error(self.request, str(error))
        else:
            messages.success(self.request, act.said)
        return HttpResponseRedirect(self._page(run))

    def _page(self, run: Any) -> str:
        return page_of(self.kwargs["cluster_id"], run)
