"""The form that starts an upgrade: choose, read the plan, start."""
from typing import Any

from django.core import signing
from django.utils.translation import gettext_lazy as _
from horizon import forms

from ...schemas import load
from .subject import Subject
from .targets import Target

SALT = "trove_upgrade.plan"
PLAN_VALID_SEC = 3600
INPUTS = ("on_failure", "canary", "bake_sec", "pause_after", "parallelism", "finalize")
MORE = ("pause_after", "parallelism", "finalize")
SCHEMA = load("input")["properties"]


class UpgradeForm(forms.SelfHandlingForm):
    """``planned`` holds what the plan that is shown was made for, signed by this Horizon."""

    datastore_version = forms.ChoiceField(label=_("Upgrade to version"))
    on_failure = forms.ChoiceField(
        label=_("When a member fails"), choices=(
            ("rollback", _("Undo everything: all members go back")),
            ("pause", _("Put that member back, then wait for me")),
            ("stop", _("Put that member back and end"))))
    canary = forms.BooleanField(
        label=_("Try it on one member first"), required=False,
        help_text=_("The first wave is a single member, which is watched before others follow."))
    bake_sec = forms.IntegerField(
        label=_("Watch for (seconds)"), min_value=SCHEMA["bake_sec"]["minimum"],
        max_value=SCHEMA["bake_sec"]["maximum"],
        help_text=_("How long the upgraded members are watched, after the first wave and at the "
                    "end. A cluster that is unwell meanwhile counts as failed."))
    pause_after = forms.ChoiceField(
        label=_("Pause and ask me"), choices=(
            ("none", _("never")), ("first", _("after the first wave")),
            ("all", _("after each wave"))))
    parallelism = forms.ChoiceField(
        label=_("Members unavailable at the same time"), choices=(
            ("one", _("one")), ("domain", _("one of each shard or rack"))))
    finalize = forms.ChoiceField(
        label=_("Close the rollback path"), choices=(
            ("default", _("as this datastore needs it")), ("auto", _("at the end")),
            ("manual", _("when I say so"))))
    planned = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(self, request: Any, *args: Any, subject: Subject, targets: list[Target],
                 **kwargs: Any):
        super().__init__(request, *args, **kwargs)
        self.subject = subject
        self.fields["datastore_version"].choices = [
            (one.id, one.name) for one in targets if not one.why_not]
        for name in INPUTS:
            self.fields[name].initial = SCHEMA[name]["default"]

    def inputs(self) -> dict[str, Any]:
        """The workflow's inputs, but for cluster and version."""
        return {name: self.cleaned_data[name] for name in INPUTS}

    @property
    def version(self) -> str:
        return self.cleaned_data["datastore_version"]

    def seal(self) -> str:
        """Stands for the plan of what the form asks for now, made for this user."""
        return signing.dumps(self._asked(), salt=SALT)

    def is_planned(self) -> bool:
        """Whether the plan that was shown is of exactly this."""
        try:
            shown = signing.loads(self.cleaned_data["planned"], salt=SALT, max_age=PLAN_VALID_SEC)
        except signing.BadSignature:
            return False
        return shown == self._asked()

    def main_fields(self) -> list:
        """What everybody looks at."""
        return [field for field in self.visible_fields() if field.name not in MORE]

    def more_fields(self) -> list:
        """What few people change."""
        return [self[name] for name in MORE]

    def more_is_open(self) -> bool:
        """Whether one of them is not as it comes; such a choice is not to be hidden."""
        return any(str(self[name].value()) != str(SCHEMA[name]["default"]) for name in MORE)

    def _asked(self) -> list:
        return [self.request.user.id, self.subject.id, self.version, self.inputs()]

    def handle(self, request: Any, data: dict) -> bool:
        """The view does it: what a valid form means depends on whether the plan was seen."""
        raise NotImplementedError
