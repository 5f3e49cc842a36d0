"""A service that can't be reached is waited for by time, and changes nothing but the duration."""
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
import tenacity
import yaml
from keystoneauth1 import exceptions as ks

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import base, completion, lock, report, wave
    from trove_upgrade.planning.plan import TRY_SEC, make_plan
    from trove_upgrade.schemas import UpgradeError
    from trove_upgrade.services.errors import explain, from_status
    from troveclient.apiclient import exceptions as trove_errors

from tests.unit.conftest import options, snapshot
from tests.unit.expressions import Scope, evaluate

CONTEXT = SimpleNamespace(security=SimpleNamespace(project_id="p", is_target=False),
                          execution=SimpleNamespace(workflow_execution_id="run-1"))
OUTAGES = [ks.ConnectFailure("refused"), ks.ConnectTimeout("late"),
           ks.UnknownConnectionError("cut off", OSError()), ks.DiscoveryFailure("nobody"),
           trove_errors.from_response(SimpleNamespace(
               status_code=503, headers={}, text="", json=dict), "GET", "/"),
           from_status(500, "its database is away"), from_status(502, "a proxy")]


class Service:
    """A clock, and a service that is away until some second of it."""

    def __init__(self, back_at, error):
        self.now, self.back_at, self.error, self.asked = 0.0, back_at, error, 0

    def sleep(self, seconds):
        self.now += seconds

    def ask(self):
        self.asked += 1
        if self.now < self.back_at:
            raise self.error
        return "done"


class Step(base.UpgradeAction):
    """A step that asks the service."""

    def __init__(self, service, outlasts=False, try_sec=0.0):
        super().__init__()
        self.service, self.outlasts, self.try_sec = service, outlasts, try_sec

    def act(self, context):
        return self.service.ask()


@pytest.fixture
def run(monkeypatch):
    """Run a step by the service's own clock."""
    def run(service, **given):
        monkeypatch.setattr("time.monotonic", lambda: service.now)
        monkeypatch.setattr(tenacity.nap.time, "sleep", service.sleep)
        monkeypatch.setattr(base, "options", lambda: SimpleNamespace(outage_sec=300.0))
        try:
            return Step(service, **given).run(CONTEXT)
        finally:
            monkeypatch.undo()
    return run


@pytest.mark.parametrize("error", OUTAGES, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("away_sec", [1, 49, 120, 290])
def test_a_service_that_comes_back_changes_the_duration_and_nothing_else(run, error, away_sec):
    service = Service(away_sec, error)
    assert run(service) == "done"
    assert service.now < away_sec + 11
    assert service.asked < 10 + away_sec / 5      # with back-off


def test_who_has_waited_in_vain_is_not_tried_again_and_undo_outlasts_the_roll(run):
    service = Service(500, ks.ConnectFailure("refused"))
    error = run(service).error
    assert (error["code"], error["class"]) == ("unreachable", "rollback")
    assert 300 <= service.now < 311
    assert run(Service(590, ks.ConnectFailure("refused")), outlasts=True) == "done"


@pytest.mark.parametrize("action", [wave.ChooseUndo, wave.ResumeBackground, lock.ReleaseLock,
                                    lock.DropRights, report.Report])
def test_what_puts_things_right_outlasts_the_roll(action):
    assert action.outlasts


@pytest.mark.parametrize("error", [ks.SSLError("wrong authority"), ks.Unauthorized("no"),
                                   from_status(409, "a conflict"), KeyError("x")])
def test_what_does_not_pass_by_itself_is_not_waited_for_here(run, error):
    service = Service(60, error)
    assert run(service).error["code"] == explain(error).code
    assert (service.now, service.asked) == (0.0, 1)


BLIND = UpgradeError("executor_blind", "Nobody answers.", "retry")


@pytest.mark.parametrize("error", [BLIND, from_status(409, "a conflict")])
def test_a_try_that_passes_lasts_as_long_as_the_workflows_count_it_for(run, error):
    """They count tries and mean time: one that fails at once would use them up in seconds."""
    service = Service(60, error)
    assert run(service, try_sec=10).error["class"] == "retry"
    assert 10 <= service.now < 20
    assert run(Service(8, error), try_sec=10) == "done"


@pytest.mark.parametrize("error", [
    UpgradeError("driver_not_loadable", "No module named 'redis'.", "retry"),
    UpgradeError("access_file_differs", "Another one.", "retry"),
    UpgradeError("unwell", "Something is wrong.", "rollback"), KeyError("x")])
def test_what_another_executor_may_do_or_nobody_is_told_at_once(run, error):
    service = Service(60, error)
    assert run(service, try_sec=10).error
    assert (service.now, service.asked) == (0.0, 1)


@pytest.mark.parametrize("action", [
    completion.Verify, wave.ChooseUndo, wave.ChooseWave, lock.ReleaseLock, report.Report])
def test_tries_of_steps_and_of_what_ends_a_run_are_time(action):
    assert action.try_sec == 10


WORKFLOWS = Path(base.__file__).parents[1] / "workflows"
STEPS = [("member", "switchover"), ("member", "request_upgrade"), ("member", "await_evidence"),
         ("roll", "choose_wave")]
LASTING = [(flow, task) for flow in ("member_rollback", "finish", "rollback")
           for task, does in yaml.safe_load((WORKFLOWS / f"{flow}.yaml").read_text())
           [f"trove_upgrade.{flow}"]["tasks"].items()
           if does.get("action", "").startswith("trove_upgrade.")] + [("upgrade", "report")]


def tries(cluster, flow, task, **given):
    """How often a task is tried again."""
    plan = make_plan(snapshot(cluster), cluster.driver, options(**given), "owner-1")
    found = yaml.safe_load((WORKFLOWS / f"{flow}.yaml").read_text())[f"trove_upgrade.{flow}"]
    retry = found["tasks"][task].get("retry") or found["task-defaults"]["retry"]
    return evaluate(retry["count"], Scope({"tries": plan["job"]["tries"]}, None))


@pytest.mark.parametrize(("flow", "task"), LASTING)
def test_each_step_that_puts_things_right_has_five_minutes(cluster, flow, task):
    """For an executor that sees the members, say; however few retries were asked for."""
    assert tries(cluster, flow, task, retry_count=0) * TRY_SEC >= 300


@pytest.mark.parametrize(("flow", "task"), STEPS)
def test_each_step_forward_has_the_gates_time(cluster, flow, task):
    """It asks the gate; and one odd executor of three may be given it again and again."""
    assert tries(cluster, flow, task, retry_count=0, gate_timeout_sec=200) * TRY_SEC >= 200
