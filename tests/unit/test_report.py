"""The last word of a run that has no record: made from the plan, and no server is asked for it."""
import warnings
from types import SimpleNamespace

import pytest
from trove_upgrade import datastores
from trove_upgrade.schemas import UpgradeError, complaints

from tests.unit.conftest import plan_of
from tests.unit.test_verdict import names

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import report
    from trove_upgrade.services.record import NOBODY

CONTEXT = SimpleNamespace(security=SimpleNamespace(project_id="p", is_target=False),
                          execution=SimpleNamespace(workflow_execution_id="run-1"))
REFUSED = [{"code": "locked", "class": "stop", "instance": "", "message": "Execution x does."}]
GONE = [{"code": "token_expired", "class": "stop", "instance": "", "message": "Start anew."}]


@pytest.fixture(params=["none", "unreadable"])
def record(request, monkeypatch):
    """No record; asking a server for anything fails the test."""
    def acting(context, run):
        if request.param == "unreadable":
            raise UpgradeError("token_expired", "The token is not accepted.", "stop")
    monkeypatch.setattr(report.rights, "acting", acting)
    monkeypatch.setattr(report, "Record", lambda actor, run: SimpleNamespace(find=lambda: None))
    monkeypatch.setattr(datastores, "driver", lambda *given: pytest.fail("a server is asked"))


@pytest.mark.parametrize(("failure", "status"), [(REFUSED, "refused"), (GONE, "stopped")])
def test_members_are_told_as_they_were_planned(record, cluster, failure, status):
    cluster.nodes["m0005"].up = False
    cluster.nodes["m0003"].version = cluster.trove["m0003"] = "9.1.2"
    plan = plan_of(cluster)
    found = report.Report("run-1", plan["options"], plan, failure).run(CONTEXT)
    assert complaints("result", found) == []
    assert found["status"] == ("failed" if status == "stopped" else status)
    assert (names(found["skipped"]), names(found["failed"])) == (["member-3"], ["member-5"])
    assert len(found["todo"]) == 4
    assert failure[0]["message"] in found["summary"]


def test_a_plan_of_the_callers_own_words_leads_nowhere(record, cluster):
    plan = plan_of(cluster)
    plan["job"] |= {"access": "of-others", "driver": "redis"}
    for member in plan["members"]:
        member["address"] = "192.0.2.66"
    assert report.Report("run-1", plan["options"], plan, GONE).run(CONTEXT)["todo"]


def test_it_is_no_action_to_be_called_by_hand(record, cluster):
    by_hand = SimpleNamespace(security=CONTEXT.security,
                              execution=SimpleNamespace(workflow_execution_id=None))
    plan = plan_of(cluster)
    assert report.Report("run-1", plan["options"], plan, GONE).run(by_hand).error["code"] \
        == "not_in_a_run"


def test_members_that_can_be_asked_no_more_are_told_by_troves_record(cluster, monkeypatch):
    """The secret with their password was taken away while the run went on."""
    def refuse(job, actor, pinned):
        raise UpgradeError("secret_refused", "Barbican does not let this user read it.", "stop")
    cluster.nodes["m0003"].version = cluster.trove["m0003"] = "9.1.2"
    plan = plan_of(cluster)
    monkeypatch.setattr(report.rights, "acting", lambda context, run: object())
    monkeypatch.setattr(report, "Record", lambda actor, run: SimpleNamespace(
        find=lambda: plan, wave=lambda: NOBODY))
    monkeypatch.setattr(report, "Trove", lambda actor, only: SimpleNamespace(
        group=lambda job: {"id": "c", "datastore_version": "8.1.8", "members": cluster.members},
        recorded=lambda listed: listed))
    monkeypatch.setattr(report, "Lock", lambda *which: SimpleNamespace(
        suspended_background=lambda: {}))
    monkeypatch.setattr(report, "driver_for", refuse)
    found = report.Report("run-1", plan["options"], plan, GONE).run(CONTEXT)
    assert complaints("result", found) == []
    assert "this is what Trove shows. Barbican does not let" in found["notes"][0]
    assert len(names(found["todo"])) == 5
