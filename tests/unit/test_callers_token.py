"""What Keystone says of a caller's token decides, before anything is done as the service user."""
import json
import warnings
from types import SimpleNamespace

import pytest
from oslo_config import cfg
from trove_upgrade.schemas import UpgradeError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import lock as lock_actions
    from trove_upgrade.services import clients, config, rights, sessions, trusts

MEMBER, READER, ADMIN = ({"id": f"r-{name}", "name": name} for name in (
    "member", "reader", "admin"))
SCOPED = {"user": {"id": "u"}, "project": {"id": "p"}, "roles": [MEMBER, READER]}


class Keystone:
    """Says this of every token, and makes every trust."""

    def __init__(self, token, status=200):
        self.token, self.status, self.asked = token, status, []

    def get(self, path, **_):
        self.asked.append(path)
        return self._answer(self.status, {"token": self.token})

    def post(self, path, json, **_):        # noqa: A002  requests' own name
        self.asked.append(json["trust"])
        return self._answer(201, {"trust": {"id": "t"}})

    @staticmethod
    def _answer(status, body):
        return SimpleNamespace(status_code=status, json=lambda: body, text=json.dumps(body))


@pytest.fixture
def keystone(monkeypatch):
    """keystone(token, status): Keystone as take_lock finds it, and what is done by it."""
    config.options()
    cfg.CONF.set_override("auth", "trust", group=config.GROUP)
    service = SimpleNamespace(session=lambda _: SimpleNamespace(get_user_id=lambda: "service"))
    monkeypatch.setattr(sessions, "service", lambda region="": service)
    done = []
    monkeypatch.setattr(lock_actions, "Lock", lambda *_: SimpleNamespace(
        take=lambda *_: done.append("lock"), release=done.append))
    monkeypatch.setattr(lock_actions, "Trove", lambda actor: None)
    monkeypatch.setattr(lock_actions, "found_now", lambda *_: {"id": "c", "members": []})
    reader = SimpleNamespace(is_open=lambda run: True, is_of_operator=lambda run: True,
                             created_at=lambda run: "2026-01-01T00:00:00",
                             find=lambda run: SimpleNamespace(created_at="now", workflow_id="w"))
    for module in (lock_actions, rights):
        monkeypatch.setattr(module, "ExecutionReader", lambda actor: reader)
    monkeypatch.setattr(rights, "region_of", lambda run, actor: "")
    monkeypatch.setattr(rights, "find", lambda run: None)
    monkeypatch.setattr(rights, "Environments", lambda actor: SimpleNamespace(
        create=lambda name, kept: done.append(kept["trust_id"])))

    def make(token, status=200):
        made = Keystone(token, status)
        monkeypatch.setattr(clients, "rest", lambda actor, kind: made)
        made.done = done
        return made
    yield make
    cfg.CONF.clear_override("auth", group=config.GROUP)


def take_lock(caller="token"):
    security = SimpleNamespace(auth_token=caller, project_id="p", trust_id=None, region_name="",
                               service_catalog=[])
    return lock_actions.TakeLock("run", "c").step(SimpleNamespace(security=security))


def test_keystone_is_asked_once(keystone):
    asked = keystone(SCOPED)
    assert take_lock() == {"cluster_id": "c"}
    assert asked.done == ["lock", "t"]
    assert [one for one in asked.asked if isinstance(one, str)] == ["/auth/tokens?nocatalog"]


def test_a_trust_carries_the_roles_that_a_run_needs(keystone):
    asked = keystone(SCOPED)
    take_lock()
    [trust] = [one for one in asked.asked if isinstance(one, dict)]
    assert trust["roles"] == [{"id": MEMBER["id"]}]


UNSCOPED = {"user": {"id": "u"}}


@pytest.mark.parametrize(("token", "status", "code"), [
    (UNSCOPED, 200, "no_trust"), (UNSCOPED | {"domain": {"id": "default"}}, 200, "no_trust"),
    (UNSCOPED | {"system": {"all": True}, "roles": [ADMIN]}, 200, "no_trust"),
    (SCOPED | {"project": {"id": "other"}}, 200, "foreign_rights"),
    (None, 404, "token_expired"), (None, 400, "token_expired")])
def test_a_token_that_is_not_for_this_project_takes_nothing(keystone, token, status, code):
    asked = keystone(token, status)
    with pytest.raises(UpgradeError) as refused:
        take_lock()
    assert refused.value.code == code
    assert asked.done == []


@pytest.mark.parametrize("roles", [[ADMIN], [ADMIN, MEMBER], [READER], []])
def test_no_trust_is_made_of_an_administrator_nor_of_who_may_not_upgrade(keystone, roles):
    asked = keystone(SCOPED | {"roles": roles})
    with pytest.raises(UpgradeError) as refused:
        trusts.make("token", asked.token, sessions.service(), "run", None)
    assert refused.value.code == "no_trust"
    assert asked.asked == []


def test_a_first_step_that_mistral_repeats_in_nobodys_name_says_why_it_has_no_token(keystone):
    asked = keystone(SCOPED)
    with pytest.raises(UpgradeError, match="an executor died") as refused:
        take_lock(caller=None)
    assert (refused.value.code, asked.done, asked.asked) == ("no_token", [], [])
