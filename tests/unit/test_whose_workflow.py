"""A run is of the operator's workflow, and of none that a user of the project has put beside it."""
import warnings
from types import SimpleNamespace

import pytest
from mistralclient.api.base import APIException
from oslo_config import cfg
from trove_upgrade.schemas import UpgradeError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import clients, config, rights, sessions

NAME = "trove_upgrade.cluster"


class Mistral:
    """One execution, and the workflows of these (id, name, scope)."""

    def __init__(self, *workflows):
        self.executions = SimpleNamespace(get=lambda one: SimpleNamespace(workflow_id="its"))
        self.workflows = self
        self._rows = [SimpleNamespace(id=one, name=name, scope=scope)
                      for one, name, scope in workflows]

    def get(self, one):
        for row in self._rows:
            if row.id == one:
                return row
        raise APIException(404, "no such workflow")

    def list(self, name, scope):
        return [row for row in self._rows if (row.name, row.scope) == (name, scope)]


@pytest.fixture
def ask(monkeypatch):
    """ask(auth, *workflows): let a run of the workflow ``its`` be checked."""
    def asked(auth, *workflows):
        cfg.CONF.set_override("auth", auth, group=config.GROUP)
        monkeypatch.setattr(clients, "mistral", lambda actor: Mistral(*workflows))
        rights.check_workflow("run", sessions.Actor(None, ""))

    config.options()
    monkeypatch.setattr(sessions, "service", lambda region="": None)
    yield asked
    cfg.CONF.clear_override("auth", group=config.GROUP)


@pytest.mark.parametrize("workflows", [
    [("its", NAME, "public")],
    [("its", NAME, "public"), ("theirs", NAME, "private")],
    [("its", NAME, "private")],                                 # a project that has its own
    [("its", "mine", "private"), ("ours", NAME, "public")]])
def test_it_may_be_the_public_one_or_a_projects_own(ask, workflows):
    ask("trust", *workflows)


@pytest.mark.parametrize("workflows", [
    [("its", NAME, "private"), ("ours", NAME, "public")],
    [("ours", NAME, "public")]], ids=["beside it", "deleted meanwhile"])
@pytest.mark.parametrize("auth", ["trust", "service", "context"])
def test_it_is_none_that_hides_the_public_one(ask, auth, workflows):
    with pytest.raises(UpgradeError) as raised:
        ask(auth, *workflows)
    assert (raised.value.code, raised.value.klass) == ("foreign_rights", "stop")


def test_an_engine_of_one_user_takes_what_its_user_has_made(ask):
    ask("cloud", ("its", NAME, "private"), ("ours", NAME, "public"))
