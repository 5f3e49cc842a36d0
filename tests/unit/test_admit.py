"""A run that must wait keeps its caller's rights first, and needs its token no more."""
import warnings
from types import SimpleNamespace

import pytest
from oslo_config import cfg
from trove_upgrade.planning.lock_names import QUEUE
from trove_upgrade.schemas import UpgradeError

from tests.unit.notes import Notes
from tests.unit.test_callers_token import SCOPED, Keystone

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import admit
    from trove_upgrade.actions import lock as lock_actions
    from trove_upgrade.services import clients, config, rights, sessions, tickets

INPUTS = {"cluster_id": "c", "datastore_version": "2.0"}


class Mistral(Notes):
    """Executions, environments of the service user, and the token that Keystone is asked about."""

    def __init__(self):
        super().__init__()
        self.executions = {}
        self.keystone = Keystone(SCOPED)
        for number, run in enumerate(("run-1", "run-2", "run-3")):
            self.executions[run] = SimpleNamespace(
                id=run, created_at=f"2026-01-01 00:00:0{number}", workflow_id="w",
                state="RUNNING", input=INPUTS, params={})

    # services.executions
    find = property(lambda self: self.executions.get)

    def is_open(self, run):
        return self.find(run).state == "RUNNING"

    def is_over(self, run, elsewhere=False):
        return run not in self.executions

    def is_of_operator(self, run):
        return True

    def created_at(self, run):
        return self.find(run).created_at

    def open_states(self, workflows):
        return {run: one.state for run, one in self.executions.items() if one.state != "CANCELLED"}

    # The steps
    def admit(self, run, last=None):
        return admit.Admit(run, last=last).step(_context(run))

    def take_lock(self, run, cluster="c"):
        return lock_actions.TakeLock(run, cluster).step(_context(run))


def _context(run):
    return SimpleNamespace(
        security=SimpleNamespace(auth_token="token", project_id="p", trust_id=None,
                                 region_name="", service_catalog=[]),
        execution=SimpleNamespace(workflow_execution_id=run))


@pytest.fixture
def mistral(monkeypatch):
    """One upgrade goes at once."""
    made = Mistral()
    config.options()
    for name, value in (("auth", "trust"), ("upgrades_at_once", 1)):
        cfg.CONF.set_override(name, value, group=config.GROUP)
    service = SimpleNamespace(session=lambda _: SimpleNamespace(get_user_id=lambda: "service"))
    monkeypatch.setattr(sessions, "service", lambda region="": service)
    monkeypatch.setattr(sessions, "trustee",
                        lambda trust, region="": SimpleNamespace(region=region))
    monkeypatch.setattr(clients, "rest", lambda actor, kind: made.keystone)
    for module in (rights, tickets):
        monkeypatch.setattr(module, "Environments", lambda actor: made)
    for module in (admit, lock_actions, rights, tickets):
        monkeypatch.setattr(module, "ExecutionReader", lambda actor: made)
    monkeypatch.setattr(rights, "region_of", lambda run, actor: "")
    monkeypatch.setattr(rights, "_kept", {})
    monkeypatch.setattr(lock_actions, "Lock", lambda *_: SimpleNamespace(
        take=lambda *_: True, release=lambda *_: True))
    for module in (admit, lock_actions):
        monkeypatch.setattr(module, "Trove", lambda actor: None)
        monkeypatch.setattr(module, "found_now", lambda trove, kind, one: {
            "id": one, "members": []})
    yield made
    for name in ("auth", "upgrades_at_once"):
        cfg.CONF.clear_override(name, group=config.GROUP)


def test_who_goes_at_once_keeps_nothing_but_its_ticket(mistral):
    assert mistral.admit("run-1")["admitted"]
    assert mistral.kept == {QUEUE + "run-1": {
        "project_id": "p", "created": "2026-01-01 00:00:00", "back": False, "admitted": True}}


def test_who_has_waited_longer_than_its_token_lives_goes_by_the_rights_that_it_kept(mistral):
    mistral.admit("run-1")
    told = mistral.admit("run-2")
    assert (told["admitted"], told["place"], told["of"]) == (False, 1, 1)
    assert mistral.kept[rights.RIGHTS + "run-2"]["trust_id"] == "t"
    mistral.keystone.status = 404       # the token is over
    del mistral.executions["run-1"]
    assert mistral.admit("run-2", told)["admitted"]
    assert mistral.take_lock("run-2") == {"cluster_id": "c"}
    assert QUEUE + "run-1" not in mistral.kept, "who is over leaves no ticket"


def test_a_token_that_is_over_before_the_run_waits_takes_no_place(mistral):
    mistral.admit("run-1")
    mistral.keystone.status = 404
    with pytest.raises(UpgradeError) as refused:
        mistral.admit("run-2")
    assert refused.value.code == "token_expired"
    assert set(mistral.kept) == {QUEUE + "run-1"}


def test_rights_that_were_kept_for_one_cluster_lock_no_other(mistral):
    mistral.admit("run-1")
    mistral.admit("run-2")
    with pytest.raises(UpgradeError) as refused:
        mistral.take_lock("run-2", cluster="another")
    assert refused.value.code == "foreign_rights"


def test_who_is_admitted_stays_so_when_its_executor_dies_before_it_can_say_so(mistral):
    mistral.admit("run-1")
    assert mistral.admit("run-1")["admitted"]
    assert not mistral.admit("run-2")["admitted"]


def test_who_is_paused_is_told_no_place_and_the_next_one_goes(mistral):
    assert mistral.admit("run-1")["admitted"]
    mistral.executions["run-1"].state = "PAUSED"
    told = mistral.admit("run-1")
    assert (told["admitted"], told["place"]) == (False, 0)
    assert mistral.admit("run-2")["admitted"]


def test_who_is_cancelled_while_its_rights_are_kept_leaves_nothing(mistral, monkeypatch):
    mistral.admit("run-1")
    monkeypatch.setattr(mistral, "is_open", lambda run: False)
    monkeypatch.setattr(rights.trusts, "drop", lambda *_: None)
    with pytest.raises(UpgradeError) as over:
        mistral.admit("run-2")
    assert over.value.code == "execution_over"
    assert set(mistral.kept) == {QUEUE + "run-1"}


def test_a_dry_run_waits_for_nobody(mistral):
    mistral.admit("run-1")
    mistral.executions["run-2"].input = {**INPUTS, "dry_run": True}
    assert mistral.admit("run-2")["admitted"]
    assert QUEUE + "run-2" not in mistral.kept


def test_bad_input_is_told_at_once(mistral):
    mistral.executions["run-1"].input = {**INPUTS, "bake_sec": -1}
    with pytest.raises(UpgradeError) as refused:
        mistral.admit("run-1")
    assert refused.value.code == "bad_input"
    assert mistral.kept == {}
