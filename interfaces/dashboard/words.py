"""The pack's terms as words for people who know neither Mistral nor this pack."""
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..shapes import Upgrade

MEMBER_STATES = {
    "waiting": _("waiting for its turn"), "under way": _("at work"),
    "switching over": _("handing its role over"), "requested": _("upgrade asked for"),
    "awaiting evidence": _("restarting on the new version"), "upgraded": _("upgraded"),
    "rolling back": _("going back"), "rolled back": _("back on the old version"),
    "failed": _("failed")}
# Bootstrap's labels.
MEMBER_STYLES = {"waiting": "default", "upgraded": "success", "rolling back": "warning",
                "rolled back": "warning", "failed": "danger"}
ANSWERS = {"yes": _("yes"), "no": _("no"), "unknown": _("unknown")}
ROLES = {"primary": _("primary"), "replica": _("replica"), "member": _("member")}

RUN_STATES = {
    "RUNNING": pgettext_lazy("Current status of an upgrade", "Running"),
    "PAUSED": pgettext_lazy("Current status of an upgrade", "Paused"),
    "SUCCESS": pgettext_lazy("Current status of an upgrade", "Done"),
    "ERROR": pgettext_lazy("Current status of an upgrade", "Failed"),
    "CANCELLED": pgettext_lazy("Current status of an upgrade", "Ended by hand")}
RUN_STYLES = {"RUNNING": "info", "PAUSED": "warning", "SUCCESS": "success", "ERROR": "danger",
             "CANCELLED": "default"}
STATUSES = {
    "upgraded": _("Upgraded"), "nothing_to_do": _("Nothing to do"), "planned": _("Plan made"),
    "refused": _("Refused, nothing was changed"), "rolled_back": _("Failed and undone"),
    "stopped": _("Stopped half way"), "aborted": _("Aborted"), "failed": _("Needs a person")}
REFUSED = pgettext_lazy("Current status of an upgrade", "Refused")
KINDS = {"upgrade": _("Upgrade"), "finalize": _("Finalise"), "plan": _("Plan")}

NOW = {
    "queued": _("Waiting for its turn. Nothing is changed yet."),
    "planning": _("Making the plan. Nothing is changed yet."),
    "locking": _("Reserving the cluster, so that nobody else changes it meanwhile."),
    "preflight": _("Asking all checks. Nothing is changed yet."),
    "backing up": _("Trove takes a backup. Nothing is changed yet."),
    "holding": _("Waiting for you: resume it, or abort it."),
    "baking": _("Watching the upgraded members before it goes on."),
    "verifying": _("Asking every member once more, and waiting for Trove to agree."),
    "rolling back": _("What was changed is being put back."),
    "finalising": _("Giving the cluster back and writing the report.")}

NEXT = {
    "refused": _("Do what the text above asks for, then start it again."),
    "rolled_back": _("The cluster works as before. Find out why the member failed, then start the "
                     "upgrade again."),
    "stopped": _("Start the upgrade again to finish it: members that are done are not touched "
                 "again. Or roll back what is done."),
    "aborted": _("Start the upgrade again to go on, or roll back what is still on the new "
                 "version."),
    "failed": _("Look at the failed members first. When they are well, start the upgrade again: "
                "it finishes what is left.")}
NEXT_UNKNOWN = _("It was ended from outside, before it could report. Wait until no member is in "
                 "work any more, then start the upgrade again: it asks the members themselves and "
                 "finishes what is left.")

STEPS = (
    ("plan", _("Plan"), _("Read the cluster, order its members.")),
    ("check", _("Reserve and check"), _("One upgrade at a time; every check must say yes.")),
    ("members", _("Upgrade members"), _("Wave by wave; each member must prove itself.")),
    ("verify", _("Verify and watch"), _("All members are asked once more.")),
    ("finish", _("Finish"), _("Give the cluster back, report.")))
UNDO = ("undo", _("Undo"), _("Put back what was changed."))


def state_of(one: Upgrade) -> tuple[Any, str]:
    """State of an upgrade in a list, and Bootstrap's word for it."""
    if one.refused:
        return REFUSED, "default"
    return RUN_STATES.get(one.state, one.state), RUN_STYLES.get(one.state, "default")
