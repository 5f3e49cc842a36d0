"""Only what was shown is started: the seal of a plan."""
from types import SimpleNamespace

import pytest

from tests.dashboard import pages

pages.set_up()

from django.template.loader import render_to_string  # noqa: E402
from trove_upgrade.interfaces.dashboard.forms import UpgradeForm  # noqa: E402
from trove_upgrade.interfaces.dashboard.targets import Target  # noqa: E402

TARGETS = [Target("v-3", "9.2.0"), Target("v-2", "9.1.2"), Target("v-1", "8.1.8", "it is old")]
FIELDS = {"datastore_version": "v-2", "on_failure": "rollback", "canary": "on", "bake_sec": "30",
          "pause_after": "none", "parallelism": "one", "finalize": "default"}


def form(user="u-1", cluster="c-1", **fields):
    request = SimpleNamespace(user=SimpleNamespace(id=user))
    made = UpgradeForm(request, {**FIELDS, **fields}, subject=SimpleNamespace(id=cluster),
                       targets=TARGETS)
    assert made.is_valid(), made.errors
    return made


def test_same_form_again_is_what_was_planned():
    assert form(planned=form().seal()).is_planned()


@pytest.mark.parametrize("changed", [
    {"datastore_version": "v-3"}, {"bake_sec": "31"}, {"on_failure": "stop"}, {"canary": ""},
    {"finalize": "auto"}, {"user": "u-2"}, {"cluster": "c-2"}])
def test_anything_else_is_planned_anew(changed):
    assert not form(planned=form().seal(), **changed).is_planned()


@pytest.mark.parametrize("seal", ["", "x", "WyJ1LTEiXQ:1x:forged"])
def test_forged_seal_is_none(seal):
    assert not form(planned=seal).is_planned()


def test_unreachable_version_is_no_choice():
    request = SimpleNamespace(user=SimpleNamespace(id="u-1"))
    made = UpgradeForm(request, {**FIELDS, "datastore_version": "v-1"},
                       subject=SimpleNamespace(id="c-1"), targets=TARGETS)
    assert "datastore_version" in made.errors


def test_options_that_were_changed_are_not_hidden():
    assert not form().more_is_open()
    assert form(pause_after="first").more_is_open()


@pytest.mark.parametrize(("targets", "fields"), [(TARGETS, True), (TARGETS[2:], False)])
def test_there_is_no_form_where_no_version_can_be_reached(targets, fields):
    subject = SimpleNamespace(id="c-1", name="orders", version="9.2.0", members=["m-1"],
                              is_set=False)
    request = SimpleNamespace(user=SimpleNamespace(id="u-1"))
    shown = render_to_string("trove_upgrade/_upgrade.html", {
        "form": UpgradeForm(request, subject=subject, targets=targets), "subject": subject,
        "unreachable": TARGETS[2:], "cancel_url": "/", "cancel_label": "Cancel",
        "submit_label": "Show the plan", "submit_url": "/"})
    assert ("Show the plan" in shown) is fields
    assert ('name="bake_sec"' in shown) is fields
    assert ("There is no version that it could be upgraded to." in shown) is not fields
    assert "it is old" in shown
