"""A scheduled run that fires after its window does nothing."""
import datetime
import warnings
from types import SimpleNamespace

import pytest
from trove_upgrade.planning import verdict, window
from trove_upgrade.schemas import UpgradeError, read_input

from tests.unit.test_report import CONTEXT

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import plan

NOW = datetime.datetime(2026, 1, 31, 4, 0, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize("latest", ["", "2026-01-31T04:00:01Z", "2026-01-31T05:00:01+01:00",
                                    "2026-01-31T00:30:00-05:00", "2027-01-01T00:00Z"])
def test_in_time(latest):
    window.check_start(latest, NOW)


@pytest.mark.parametrize("latest", ["2026-01-31T04:00:00Z", "2026-01-31T05:00:00+01:00",
                                    "2026-01-30T22:00:00-05:00", "20260131T040000Z"])
def test_too_late_is_refused_with_both_times(latest):
    with pytest.raises(UpgradeError) as raised:
        window.check_start(latest, NOW)
    assert (raised.value.code, raised.value.klass) == ("too_late", "stop")
    assert f"begin by {latest}, and it is 2026-01-3" in raised.value.message
    found = verdict.refused(raised.value.as_dict(), "orders")
    assert (found["status"], found["todo"]) == ("refused", [])


@pytest.mark.parametrize("latest", ["soon", "2026-01-31", "2026-01-31T04:00:00",
                                    "2026-13-31T04:00Z", "04:00Z"])
def test_what_is_no_moment_is_refused(latest):
    with pytest.raises(UpgradeError, match="ISO 8601 with a zone") as raised:
        window.check_start(latest, NOW)
    assert raised.value.code == "bad_input"


def test_a_form_that_leaves_it_empty_means_at_any_time():
    for empty in ("", "None", None, '""'):
        asked = {"cluster_id": "c", "datastore_version": "9", "latest_start": empty}
        assert read_input(asked)["latest_start"] == ""


def test_the_first_step_asks_nobody_when_it_is_too_late(monkeypatch):
    monkeypatch.setattr(plan, "_plan", lambda *_: pytest.fail("somebody is asked"))
    asked = {"cluster_id": "c", "datastore_version": "9", "latest_start": "2020-01-01T00:00:00Z"}
    found = plan.Plan("run-1", asked).run(CONTEXT)
    assert found.error["code"] == "too_late"
    monkeypatch.setattr(plan, "_plan", lambda *_: ["the plan"])
    in_time = {**asked, "latest_start": "9020-01-01T00:00:00Z"}
    assert plan.Plan("run-1", in_time).run(SimpleNamespace(**vars(CONTEXT))) == "the plan"
