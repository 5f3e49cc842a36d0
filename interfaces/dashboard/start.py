"""The modal form that starts an upgrade. It makes a plan first, shows it, and starts only that."""
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon import forms, messages
from horizon.utils.memoized import memoized_method

from ..errors import BadInput, ClientError, UnderUpgrade
from . import forms as ours
from . import plan, rights, services, subject
from .targets import Target
from .views import CLUSTERS, Told, home, page_of

PLAN_SEC = 60          # a worker of Horizon waits so long


class UpgradeView(Told, forms.ModalFormView):
    """First 'Show the plan', then 'Start the upgrade'."""

    form_class = ours.UpgradeForm
    form_id = "upgrade_cluster_form"
    modal_id = "upgrade_cluster_modal"
    template_name = "trove_upgrade/upgrade.html"
    page_title = gettext_lazy("Upgrade Cluster")
    submit_label = gettext_lazy("Show the plan")
    cancel_url = CLUSTERS

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Nobody without the right gets as far as the form."""
        rights.require(request)
        return super().dispatch(request, *args, **kwargs)

    def subject(self) -> subject.Subject:
        """What is to be upgraded."""
        return subject.find(self.request, self.kwargs["cluster_id"])

    @memoized_method
    def targets(self) -> list[Target]:
        """The versions that Trove offers for it."""
        return subject.reachable(self.request, self.subject())

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "subject": self.subject(), "targets": self.targets()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["submit_url"] = reverse("horizon:project:cluster_upgrades:upgrade",
                                        args=[self.subject().id])
        return {**context, "subject": self.subject(),
                "cancel_url": home(self.subject()),
                "unreachable": [one for one in self.targets() if one.why_not]}

    def form_valid(self, form: ours.UpgradeForm) -> HttpResponse:
        """Start what was planned; plan what was not."""
        try:
            return self._start(form) if form.is_planned() else self._plan(form)
        except UnderUpgrade as error:
            messages.error(self.request, _("Somebody has begun to upgrade this cluster already."))
            return HttpResponseRedirect(page_of(self.subject().id, error.execution_id))
        except BadInput:
            raise
        except ClientError as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)

    def _plan(self, form: ours.UpgradeForm) -> HttpResponse:
        client = services.upgrades(self.request)
        plan_it = client.plan_replication_set if self.subject().is_set else client.plan
        made = plan_it(self.subject().id, form.version, timeout_sec=PLAN_SEC, **form.inputs())
        context = self.get_context_data(form=form)
        context["plan"] = plan.show(made)
        context["changed"] = bool(form.cleaned_data["planned"])
        form.data = {**form.data.dict(), "planned": form.seal() if made["ready"] else ""}
        if made["ready"]:
            context["submit_label"] = _("Start the upgrade")
        return self.render_to_response(context)

    def _start(self, form: ours.UpgradeForm) -> HttpResponse:
        client = services.upgrades(self.request)
        upgrade = client.upgrade_replication_set if self.subject().is_set else client.upgrade
        begun = upgrade(self.subject().id, form.version, **form.inputs())
        messages.success(self.request, _("The upgrade of %s has begun.") % self.subject().name)
        return HttpResponseRedirect(page_of(self.subject().id, begun.id))
